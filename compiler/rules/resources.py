"""Whether what a step asks of its machine is something that Kubernetes can read and give."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Resources
from milonga.compiler.graph.quantities import amount, is_quantity
from milonga.compiler.scope import Finding, Scope

_TOLERANCE = 0.01


def quantities_are_kubernetes(scope: Scope) -> Iterator[Diagnostic]:
    """A limit or request is a quantity that Kubernetes reads, an accelerator is counted in whole devices."""
    for label, resources, finding in _resources(scope):
        for field, quantity in _quantities(resources).items():
            if not is_quantity(quantity) or amount(quantity) < 0:
                yield finding(
                    "E251",
                    f"'{field}' of executor '{label}' is no quantity",
                    got=quantity[:80],
                    expected="a number with a unit of Kubernetes, such as 500m, 2, 512Mi, 4G",
                )
        accelerator = resources.accelerator
        for field, count in (
            (("count", accelerator.count), ("resourceCount", accelerator.resource_count))
            if (accelerator is not None)
            else ()
        ):
            if count is not None and not _is_placeholder(count) and not re.fullmatch(r"[0-9]{1,9}(\.0+)?", str(count)):
                yield finding(
                    "E251",
                    f"'accelerator.{field}' of executor '{label}' is no number of devices",
                    got=str(count)[:80],
                    expected="a whole number",
                )


def requests_are_within_limits(scope: Scope) -> Iterator[Diagnostic]:
    """A step asks for no more than its limit."""
    for label, resources, finding in _resources(scope):
        given = _quantities(resources)
        for what in ("Cpu", "Memory"):
            request, limit = given.get(f"resource{what}Request"), given.get(f"resource{what}Limit")
            if request is None or limit is None:
                continue
            if is_quantity(request) and is_quantity(limit) and amount(request) > amount(limit):
                yield finding(
                    "E252",
                    f"executor '{label}' requests more {what.lower() if what == 'Memory' else 'CPU'} than its limit",
                    got=f"request {request}, limit {limit}",
                    expected="a request of at most the limit",
                )


def old_fields_agree(scope: Scope) -> Iterator[Diagnostic]:
    """The deprecated number fields say the same as the quantities, and an accelerator has type and count."""
    for label, resources, finding in _resources(scope):
        given = _quantities(resources)
        numbers = {
            "CpuLimit": (resources.cpu_limit, 1.0),
            "CpuRequest": (resources.cpu_request, 1.0),
            "MemoryLimit": (resources.memory_limit, 1e9),
            "MemoryRequest": (resources.memory_request, 1e9),
        }
        for name, (number, unit) in numbers.items():
            quantity = given.get(f"resource{name}")
            if not number or quantity is None or not is_quantity(quantity):
                continue
            if math.isclose(number * unit, amount(quantity), rel_tol=_TOLERANCE):
                continue
            yield finding(
                "E253",
                f"executor '{label}' says two different things about its {'CPU' if 'Cpu' in name else 'memory'}",
                severity="warning",
                got=f"resource{name}: {quantity}, {name[0].lower()}{name[1:]}: {number:g}",
                hint="back ends differ in which one they read; remove the deprecated number",
            )
        yield from _accelerator(label, resources, finding)


def _accelerator(label: str, resources: Resources, finding: Finding) -> Iterator[Diagnostic]:
    accelerator = resources.accelerator
    if accelerator is None:
        return
    kind, count = accelerator.resource_type or accelerator.type, accelerator.resource_count or accelerator.count
    if bool(kind) != bool(count):
        yield finding(
            "E253",
            f"executor '{label}' names {'a type' if kind else 'a count'} of accelerators without the other",
            severity="warning",
            hint="set resourceType and resourceCount, or neither",
        )
    pairs = (
        ("count", accelerator.count, accelerator.resource_count),
        ("type", accelerator.type, accelerator.resource_type),
    )
    for what, old, new in pairs:
        if old and new and str(old) != str(new):
            yield finding(
                "E253",
                f"executor '{label}' says two different things about the {what} of its accelerators",
                severity="warning",
                got=f"{old}, {new}"[:120],
                hint="back ends differ in which one they read; remove the deprecated one",
            )


def _resources(scope: Scope) -> Iterator[tuple[str, Resources, Finding]]:
    if not scope.is_root:
        return
    for label, executor in scope.graph.executors.items():
        resources = executor.container.resources if executor.container is not None else None
        if resources is not None:
            yield label, resources, scope.finding_at_use(scope.whole.executor_uses.get(label))


def _quantities(resources: Resources) -> dict[str, str]:
    """The quantities that stand in the file, by JSON key; placeholders are known only in the run."""
    given = {
        "resourceCpuLimit": resources.resource_cpu_limit,
        "resourceMemoryLimit": resources.resource_memory_limit,
        "resourceCpuRequest": resources.resource_cpu_request,
        "resourceMemoryRequest": resources.resource_memory_request,
    }
    return {field: value for field, value in given.items() if value and not _is_placeholder(value)}


def _is_placeholder(value: object) -> bool:
    return isinstance(value, str) and "{{$" in value
