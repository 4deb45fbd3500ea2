"""Whether a credential stands in the file, where everybody who can read the pipeline reads it. No value is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Container
from milonga.compiler.rules.credentials import looks_secret, shape_of
from milonga.compiler.scope import Scope

_FLAG = re.compile(r"^--?(?P<name>[A-Za-z][\w-]*?)(?:=(?P<value>.+))?$", re.DOTALL)
_HINT = "keep it in a Secret of the cluster and give it to the step: .options(secrets={'NAME': 'secret/key'})"
_INPUT_HINT = "give it no value here: take it from a Secret with .options(secrets={'NAME': 'secret/key'})"


def containers_hold_no_secrets(scope: Scope) -> Iterator[Diagnostic]:
    """No credential stands in the environment or the command of a step."""
    if not scope.is_root:
        return
    known: dict[str, str] = {}
    for label, executor in scope.graph.executors.items():
        if executor.container is None:
            continue
        settings = scope.graph.platform_settings(label)
        found = dict.fromkeys((*_in_environment(executor.container, settings), *_in_command(executor.container, known)))
        for where, what in found:
            finding = scope.finding_at_use(scope.whole.executor_uses.get(label))
            yield finding("E258", f"{where} of executor '{label}' holds {what}", severity="warning", hint=_HINT)


def _in_environment(container: Container, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    variables = [(variable.name, variable.value or "") for variable in container.env or ()]
    extra = settings.get("initContainers")
    for initial in extra if isinstance(extra, list) else ():
        entries = initial.get("env") if isinstance(initial, Mapping) else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("value"), str):
                variables.append((str(entry.get("name", "")), entry["value"]))
    for name, value in variables:
        what = _what(name, value)
        if what:
            yield f"the environment variable '{name[:80]}'", what


def _in_command(container: Container, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What stands in the command; `known` remembers texts, since steps share large ones."""
    texts = (*(container.command or ()), *(container.args or ()))
    for text, following in zip(texts, (*texts[1:], ""), strict=False):
        what = known.get(text)
        if what is None:
            what = known[text] = shape_of(text)
        flag = _FLAG.match(text) if not what and len(text) < 1000 else None
        if flag is not None:
            value = flag["value"] or ("" if following.startswith("-") else following)
            what = "what its name calls a credential" if looks_secret(flag["name"], value) else ""
        if what:
            yield "the command", what


def inputs_hold_no_secrets(scope: Scope) -> Iterator[Diagnostic]:
    """No credential is given to a task as a constant."""
    for name, task in scope.tasks.items():
        for key, binding in task.parameter_bindings.items():
            constant = binding.runtime_value.constant if binding.runtime_value is not None else None
            what = _what(key, constant) if isinstance(constant, str) else _shape_inside(constant)
            if what:
                yield scope.finding(
                    "E258", f"the value of input '{key}' is {what}", task=name, severity="warning", hint=_INPUT_HINT
                )


def defaults_hold_no_secrets(scope: Scope) -> Iterator[Diagnostic]:
    """No credential is the default of an input."""
    if not scope.is_root:
        return
    for name, component in [("root", scope.graph.root), *scope.graph.components.items()]:
        finding = scope.finding if name == "root" else scope.finding_at_use(scope.whole.uses.get(name))
        for key, declared in component.input_parameters.items():
            default = declared.default_value
            what = _what(key, default) if isinstance(default, str) else _shape_inside(default)
            if what:
                yield finding(
                    "E258",
                    f"the default of input '{key}' of '{name}' is {what}",
                    severity="warning",
                    hint=_INPUT_HINT,
                )


def _what(name: str, value: str) -> str:
    return shape_of(value) or ("what its name calls a credential" if looks_secret(name, value) else "")


def _shape_inside(value: Any) -> str:
    """The first credential in a list or dict, by name or by shape."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        name, item = pending.pop()
        if isinstance(item, str):
            what = _what(name, item)
            if what:
                return what
        elif isinstance(item, Mapping):
            pending.extend((str(key), inner) for key, inner in item.items())
        elif isinstance(item, (list, tuple)):
            pending.extend((name, inner) for inner in item)
    return ""
