"""Whether names can be written where back ends write them, and can be told apart there."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.compiler.graph import Component
from milonga.compiler.graph.edges import SIDES
from milonga.compiler.rules.types import CHANNEL
from milonga.compiler.scope import Finding, Scope

_LENGTH_MAX = 128
"""What Argo takes for the name of a template or task; Kubernetes and Vertex take less."""

_ASCII_HINT = "back ends replace or refuse letters beyond ASCII; keep them for display names"


def names_can_be_written(scope: Scope) -> Iterator[Diagnostic]:
    """A name has 1 to 128 characters, none of which controls a terminal; letters beyond ASCII are doubtful."""
    if scope.is_root:
        yield from _problems(scope.finding, "pipeline", [scope.graph.name])
        yield from _problems(scope.finding, "executor", scope.graph.executors)
        yield from _ports(scope.finding, scope.component)
        for name, component in scope.graph.components.items():
            finding = scope.finding_at_use(scope.whole.uses.get(name))
            yield from _problems(finding, "component", [name])
            yield from _ports(finding, component)
    for name in scope.tasks:
        yield from _problems(scope.finding_at_use((scope.name, name)), "task", [name])


def _ports(finding: Finding, component: Component) -> Iterator[Diagnostic]:
    for side in SIDES:
        # A name of a group's border is made of other names, and reaches no back end as a name of its own.
        inputs = [name for name in side.inputs(component) if not name.startswith(CHANNEL)]
        outputs = [name for name in side.outputs(component) if not name.startswith(CHANNEL)]
        yield from _problems(finding, f"input {side.noun}", inputs)
        yield from _problems(finding, f"output {side.noun}", outputs)


def _problems(finding: Finding, noun: str, names: Iterable[str]) -> Iterator[Diagnostic]:
    for name in names:
        if name and len(name) <= _LENGTH_MAX and name.isascii() and name.isprintable():
            continue
        problem, severity = _problem(name)
        shown = name.encode("ascii", "backslashreplace").decode("ascii")[:60]
        hint = _ASCII_HINT if severity == "warning" else ""
        yield finding("E263", f"the name of the {noun} {problem}", severity=severity, got=repr(shown), hint=hint)


def _problem(name: str) -> tuple[str, Severity]:
    if not name.strip():
        return "is empty", "error"
    if len(name) > _LENGTH_MAX:
        return f"has {len(name)} characters, and back ends take {_LENGTH_MAX}", "error"
    if any(unicodedata.category(character).startswith("C") for character in name):
        return "has characters that control a terminal", "error"
    return "has letters beyond ASCII", "warning"


def names_differ(scope: Scope) -> Iterator[Diagnostic]:
    """Names side by side differ in more than case, '-' and '_'."""
    yield from _alike(scope.finding, "tasks", scope.tasks)
    if not scope.is_root:
        return
    yield from _alike(scope.finding, "components", scope.graph.components)
    for name, component in [("", scope.graph.root), *scope.graph.components.items()]:
        finding = scope.finding_at_use(scope.whole.uses.get(name))
        inputs = [key for side in SIDES for key in side.inputs(component)]
        outputs = [key for side in SIDES for key in side.outputs(component)]
        yield from _alike(finding, "inputs", inputs)
        yield from _alike(finding, "outputs", outputs)


def _alike(finding: Finding, noun: str, names: Iterable[str]) -> Iterator[Diagnostic]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[name.casefold().replace("_", "-")].append(name)
    if len(groups) == len(list(names)):
        return
    for group in groups.values():
        if len(set(group)) > 1:
            yield finding(
                "E264",
                f"{noun} have names that differ only in case, '-' and '_'",
                severity="warning",
                got=", ".join(f"'{name}'" for name in sorted(set(group))[:8]),
                hint="Kubernetes writes names in lower case with '-': rename all but one",
            )


def display_names_differ(scope: Scope) -> Iterator[Diagnostic]:
    """Two tasks side by side are shown under two names."""
    shown: dict[str, list[str]] = defaultdict(list)
    for name, task in scope.tasks.items():
        title = task.task_info.name if task.task_info is not None else None
        shown[title or name].append(name)
    for title, names in shown.items():
        if len(names) > 1:
            yield scope.finding(
                "E265",
                f"several tasks are shown as '{title[:80]}'",
                task=names[1],
                severity="warning",
                got=", ".join(names[:8]),
                hint="give each its own display name",
            )
