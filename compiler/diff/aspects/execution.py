"""What runs a task: its function, its container, its importer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from milonga.compiler.diff.aspects.borders import artifact_text
from milonga.compiler.diff.facts import Fact, Reading, plain
from milonga.compiler.diff.naming import constant_text
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import Node
from milonga.compiler.graph import Container, Importer

_SECRET = re.compile(r"(?i)secret|token|passw|credential|api_?key|private_?key")


def implementation(node: Node, reading: Reading) -> Iterator[Fact]:
    """The kind of thing that runs it."""
    program, executor = reading.program(node), node.executor
    if node.parent is None:
        return
    if node.component.dag is not None:
        text = "tasks of its own"
    elif program is not None:
        text = f"{program.language} function"
    elif executor is None:
        text = "nothing"
    else:
        named = ("container", "importer", "resolver", "custom_job")
        text = next((name for name in named if getattr(executor, name) is not None), "nothing").replace("_", " ")
    yield plain("implementation", "implementation", text)


def program(node: Node, reading: Reading) -> Iterator[Fact]:
    """The function that a container carries, and what travels with it."""
    found = reading.program(node)
    if found is None:
        return
    code = ("code", "source")
    yield Fact("code", "source", found.nameless_source, found.source, owner=code)
    yield plain("function", "function", found.function, code)
    for path, text in found.modules.items():
        yield plain("module", path, text, code)
    if found.packages:
        yield Fact("packages", "packages", canonical(sorted(found.packages)), ", ".join(found.packages))
    if found.indexes:
        yield Fact("packages", "index", canonical(sorted(found.indexes)), ", ".join(found.indexes))
    if found.extra:
        yield reading.filled("command", "arguments", node, shlex.join(found.extra))


def container(node: Node, reading: Reading) -> Iterator[Fact]:
    """Image, environment and life cycle of a container; its command, if it carries no function."""
    found = node.executor.container if node.executor is not None else None
    if found is None:
        return
    if found.image is not None:
        yield reading.filled("image", "image", node, found.image)
    for variable in found.env or ():
        yield _variable(node, reading, variable.name, variable.value or "")
    if found.lifecycle:
        yield plain("option", "lifecycle", canonical(found.lifecycle))
    if reading.program(node) is None:
        yield from _command(node, reading, found)


def _command(node: Node, reading: Reading, found: Container) -> Iterator[Fact]:
    for what, words in (("command", found.command), ("arguments", found.args)):
        if words:
            yield reading.filled("command", what, node, shlex.join(words))


def _variable(node: Node, reading: Reading, name: str, value: str) -> Fact:
    fact = reading.filled("environment", name, node, value)
    if _SECRET.search(name):
        return Fact("environment", name, fact.value, "(hidden)")
    return fact


def importer(node: Node, reading: Reading) -> Iterator[Fact]:
    """What an importer registers."""
    found = node.executor.importer if node.executor is not None else None
    if found is None:
        return
    yield from _address(node, reading, found)
    for what, value in (
        ("type", artifact_text(found.type_schema) if found.type_schema is not None else None),
        ("metadata", found.metadata),
        ("properties", found.properties),
        ("custom properties", found.custom_properties),
    ):
        if value:
            text = value if isinstance(value, str) else canonical(value)
            yield reading.filled("import", what, node, text)
    for what, flag in (("reimport", found.reimport), ("download to workspace", found.download_to_workspace)):
        if flag:
            yield plain("import", what, "on")


def _address(node: Node, reading: Reading, found: Importer) -> Iterator[Fact]:
    """The URI: a constant, unless the task is given it as an input, which is then an edge or constant of its own."""
    address = found.artifact_uri
    if address is not None and address.runtime_parameter is None:
        yield reading.filled("import", "uri", node, constant_text(address))
    elif address is not None and address.runtime_parameter not in node.task.parameter_bindings:
        yield plain("import", "uri", constant_text(address))


def other_executors(node: Node, reading: Reading) -> Iterator[Fact]:
    """The two kinds that only Google's back end knows."""
    executor = node.executor
    if executor is None:
        return
    for what, value in (("resolver", executor.resolver), ("custom job", executor.custom_job)):
        if value is not None:
            yield plain("option", what, canonical(value))
