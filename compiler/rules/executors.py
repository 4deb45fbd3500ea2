"""Whether what runs a step is one thing, and its texts name inputs and outputs that the step has."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Component, Container, Task
from milonga.compiler.graph.edges import SIDES
from milonga.compiler.rules.placeholders import Placeholder, placeholders_in
from milonga.compiler.scope import Scope

_KINDS = ("container", "importer", "resolver", "custom_job")


def components_are_one_thing(scope: Scope) -> Iterator[Diagnostic]:
    """A component is a DAG or a step, not both."""
    if not scope.is_root:
        return
    for name, component in scope.graph.components.items():
        if component.dag is not None and component.executor_label is not None:
            finding = scope.dag_of(name).finding
            yield finding(
                "E254",
                "the component has tasks and an executor",
                got=f"'dag', and 'executorLabel: {component.executor_label}'",
                expected="one of them",
            )


def executors_are_one_thing(scope: Scope) -> Iterator[Diagnostic]:
    """An executor is of exactly one kind, and a container has an image."""
    if not scope.is_root:
        return
    for label, executor in scope.graph.executors.items():
        finding = scope.finding_at_use(scope.whole.executor_uses.get(label))
        kinds = [kind for kind in _KINDS if getattr(executor, kind) is not None]
        if len(kinds) != 1:
            got = ", ".join(kinds) or "nothing"
            expected = "one of container, importer, resolver, customJob"
            yield finding("E254", f"executor '{label}' is not exactly one thing", got=got, expected=expected)
        elif executor.container is not None and not executor.container.image:
            yield finding("E255", f"the container of executor '{label}' has no image", hint="set 'image'")


def placeholders_have_values(scope: Scope) -> Iterator[Diagnostic]:
    """A placeholder names an input or output that the step has."""
    found: dict[str, tuple[tuple[Placeholder, bool], ...]] = {}
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None:
            continue
        label = component.executor_label or ""
        if label not in found:
            executor = scope.graph.executors.get(label)
            container = executor.container if executor is not None else None
            found[label] = tuple(_of_container(container)) if container is not None else ()
        for placeholder, must in (*found[label], *_of_constants(task)):
            finding = _missing(scope, name, component, placeholder, must)
            if finding is not None:
                yield finding


def _of_constants(task: Task) -> Iterator[tuple[Placeholder, bool]]:
    for binding in task.parameter_bindings.values():
        constant = binding.runtime_value.constant if binding.runtime_value is not None else None
        if isinstance(constant, str) and "{{$." in constant:
            for placeholder in placeholders_in(constant):
                yield placeholder, False


def _of_container(container: Container) -> Iterator[tuple[Placeholder, bool]]:
    """Placeholders, and whether the back end needs their value before it can start the step."""
    for text in (*(container.command or ()), *(container.args or ())):
        for placeholder in placeholders_in(text):
            yield placeholder, False
    for variable in container.env or ():
        for placeholder in placeholders_in(variable.value or ""):
            yield placeholder, False
    resources = container.resources
    needed = [container.image]
    if resources is not None:
        needed += [resources.resource_cpu_limit, resources.resource_memory_limit]
        needed += [resources.resource_cpu_request, resources.resource_memory_request]
        if resources.accelerator is not None:
            needed += [resources.accelerator.resource_type, resources.accelerator.resource_count]
    for value in needed:
        for placeholder in placeholders_in(value or ""):
            yield placeholder, True


def _missing(scope: Scope, name: str, component: Component, placeholder: Placeholder, must: bool) -> Diagnostic | None:
    task, known = scope.tasks[name], list[Collection[str]]()
    for side in SIDES:
        if placeholder.noun in ("", side.noun):
            ports = side.outputs(component) if placeholder.is_output else side.inputs(component)
            known += [ports] if placeholder.is_output else [ports, side.bindings(task)]
    if any(placeholder.name in names for names in known):
        return None
    noun = f"{'output' if placeholder.is_output else 'input'} {placeholder.noun}".strip()
    consequence = "so the step cannot start" if must else "so it stays in the text as it is"
    return scope.finding(
        "E257",
        f"a placeholder names the {noun} '{placeholder.name}', which does not exist, {consequence}",
        task=name,
        severity="error" if must else "warning",
        hint=scope.nearest(placeholder.name, *known),
    )
