"""The target `kfp`."""

from __future__ import annotations

from milonga.compiler.documents import dump_graph
from milonga.compiler.graph import Component, Graph, wire
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.passes.artifact_loops import ArtifactLoops
from milonga.compiler.passes.conditional_importers import ConditionalImporters
from milonga.compiler.passes.loops_over_parts import LoopsOverParts
from milonga.compiler.passes.root_artifacts import RootArtifacts
from milonga.compiler.passes.shared_code import SharedCode
from milonga.compiler.targets.base import Target
from milonga.compiler.targets.kfp.table import TABLE


class KfpTarget(Target):
    """Writes what kfp's own loader, back end and local runner read."""

    name = "kfp"
    title = "Kubeflow Pipelines"
    versions = ("2.14", "2.15", "2.16", "2.17")
    table = TABLE
    passes = (ConditionalImporters(), RootArtifacts(), ArtifactLoops(), LoopsOverParts(), SharedCode())

    def emit(self, graph: Graph) -> str:
        """One or two YAML documents under a comment that tells a reader what the pipeline takes and makes."""
        return dump_graph(graph, header=header(graph))


def header(graph: Graph) -> str:
    """A comment that says what the pipeline takes and makes."""
    info = graph.specification.pipeline_info
    lines = ["# PIPELINE DEFINITION", f"# Name: {_one_line(info.name)}"]
    if info.description:
        lines.append(f"# Description: {_one_line(info.description)}")
    inputs, outputs = _inputs(graph.root), _outputs(graph.root)
    for title, entries in (("Inputs", inputs), ("Outputs", outputs)):
        if entries:
            lines.append(f"# {title}:")
            lines.extend(f"#    {_one_line(entry)}" for entry in entries)
    return "\n".join(lines) + "\n"


def _inputs(root: Component) -> list[str]:
    entries = []
    for name, declared in sorted(root.input_parameters.items()):
        kind = PARAMETER_SPELLING.get(declared.parameter_type or "", declared.parameter_type or "?")
        value = declared.default_value
        default = "" if value is None else f" [Default: {wire.plain(value)!r}]"
        entries.append(f"{name}: {kind}{default}")
    for name, artifact in sorted(root.input_artifacts.items()):
        entries.append(f"{name}: {artifact.artifact_type.schema_title if artifact.artifact_type else '?'}")
    return entries


def _outputs(root: Component) -> list[str]:
    entries = [
        f"{name}: {PARAMETER_SPELLING.get(declared.parameter_type or '', declared.parameter_type or '?')}"
        for name, declared in sorted(root.output_parameters.items())
    ]
    entries += [
        f"{name}: {declared.artifact_type.schema_title if declared.artifact_type else '?'}"
        for name, declared in sorted(root.output_artifacts.items())
    ]
    return entries


def _one_line(text: str) -> str:
    """A comment ends with its line, so no text of the author may end it early."""
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode("ascii")
