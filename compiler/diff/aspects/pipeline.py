"""What is said about the pipeline as a whole, and the texts for people at its tasks."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diff.facts import Fact, Reading, plain
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import Node, nodes_below


def information(node: Node, reading: Reading) -> Iterator[Fact]:
    """Names and texts."""
    if node.parent is not None:
        shown = node.task.task_info.name if node.task.task_info is not None else None
        if shown and shown != node.name:  # compilers repeat the task's own name here
            yield plain("display-name", "display name", shown)
        return
    info = node.graph.specification.pipeline_info
    yield plain("name", "name", info.name)
    if info.display_name and info.display_name != info.name:
        yield plain("display-name", "display name", info.display_name)
    if info.description:
        yield Fact("description", "description", " ".join(info.description.split()), info.description)


def pipeline_settings(node: Node, reading: Reading) -> Iterator[Fact]:
    """Where its outputs go, and the configuration of each platform."""
    if node.parent is not None:
        return
    specification = node.graph.specification
    if specification.default_pipeline_root:
        yield plain("option", "pipeline root", specification.default_pipeline_root)
    for platform, settings in (node.graph.platforms or {}).items():
        for name, value in node.graph.run_settings(platform).items():
            yield plain("platform-setting", f"{platform}.pipelineConfig.{name}", canonical(value))
        if settings.config:
            yield plain("platform-setting", f"{platform}.config", canonical(settings.config))


def runtimes(node: Node, reading: Reading) -> Iterator[Fact]:
    """What carries the functions, told once for the whole pipeline."""
    if node.parent is not None:
        return
    found: dict[str, set[str]] = {}
    for inner in nodes_below(node):
        program = reading.program(inner)
        if program is not None:
            found.setdefault(program.language, set()).add(program.runtime_label)
    for language, labels in found.items():
        yield plain("runtime", language, ", ".join(sorted(labels)), ("runtime", language))
