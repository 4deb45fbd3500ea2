"""Inputs and outputs of the pipeline and of components, without those that compilers make for nested DAGs."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diff.facts import Fact, Reading, plain
from milonga.compiler.diff.naming import made_by, one_of
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import CHANNEL, Node
from milonga.compiler.graph import ArtifactType, InputParameter
from milonga.compiler.graph.component import PARAMETER_SPELLING

_OLD_TYPES = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE"}
"""The deprecated field `type` in the words of `parameterType`; STRING is called the same."""


def inputs(node: Node, reading: Reading) -> Iterator[Fact]:
    """Types, defaults and freedoms of inputs."""
    for name, declared in node.component.input_parameters.items():
        if not _is_authors(name, node):
            continue
        yield _kind("input", name, _parameter_type(declared.parameter_type, declared.type))
        yield from _parameter(name, declared)
    for name, artifact in node.component.input_artifacts.items():
        if not _is_authors(name, node):
            continue
        yield _artifact("input", name, artifact.artifact_type, artifact.is_artifact_list)
        if artifact.is_optional:
            yield plain("optional", name, "optional", ("input", name))
        yield from _description(("input", name), artifact.description)


def outputs(node: Node, reading: Reading) -> Iterator[Fact]:
    """Types of outputs, and for a DAG where they come from."""
    for name, declared in node.component.output_parameters.items():
        if not name.startswith(CHANNEL):
            yield _kind("output", name, _parameter_type(declared.parameter_type, declared.type))
            yield from _description(("output", name), declared.description)
            yield from _source(name, node, reading)
    for name, artifact in node.component.output_artifacts.items():
        if name.startswith(CHANNEL):
            continue
        yield _artifact("output", name, artifact.artifact_type, artifact.is_artifact_list)
        yield from _description(("output", name), artifact.description)
        yield from _source(name, node, reading)
        for title, value in (
            ("metadata", artifact.metadata),
            ("properties", artifact.properties),
            ("custom properties", artifact.custom_properties),
        ):
            if value:
                yield plain("option", f"{title} of output {name}", canonical(value), ("output", name))


def _is_authors(name: str, node: Node) -> bool:
    return not name.startswith(CHANNEL) and name != node.item_input


def _parameter(name: str, declared: InputParameter) -> Iterator[Fact]:
    owner = ("input", name)
    if declared.default_value is not None:
        yield plain("default", name, canonical(declared.default_value), owner)
    if declared.is_optional or declared.default_value is not None:  # some compilers say so of a default, some do not
        yield plain("optional", name, "optional", owner)
    if declared.literals:
        yield plain("choices", name, canonical(declared.literals), owner)
    yield from _description(owner, declared.description)


def _parameter_type(today: str | None, deprecated: str | None) -> str:
    return today or _OLD_TYPES.get(deprecated or "", deprecated or "") or "?"


def _kind(family: str, name: str, kind: str) -> Fact:
    return Fact(family, name, kind, PARAMETER_SPELLING.get(kind, kind))


def artifact_text(kind: ArtifactType | None) -> str:
    """An artifact's type: its title, with its version and schema where they are not the usual ones."""
    kind = kind or ArtifactType()
    title = kind.schema_title or kind.schema_uri or "system.Artifact"
    version = "" if kind.schema_version in (None, "", "0.0.1") else f" {kind.schema_version}"
    return f"{title}{version} {kind.instance_schema or ''}".rstrip()


def _artifact(family: str, name: str, kind: ArtifactType | None, is_list: bool | None) -> Fact:
    text = artifact_text(kind)
    return plain(family, name, f"list[{text}]" if is_list else text)


def _description(owner: tuple[str, str], text: str | None) -> Iterator[Fact]:
    if text:
        yield Fact("description", f"{owner[0]} {owner[1]}", " ".join(text.split()), text, owner=owner)


def _source(name: str, node: Node, reading: Reading) -> Iterator[Fact]:
    """Where an output of a DAG comes from; a step makes its own."""
    made = made_by(node, name)
    if made:
        compared, shown = (
            one_of(naming.output(node, task, key) for task, key in made) for naming in (reading.compared, reading.shown)
        )
        yield Fact("output-source", name, compared, shown, owner=("output", name))
