"""What one step asks of the machine, from the resources of its container.

As in Kubernetes, a request is what is set aside, a limit is what may not be exceeded, and a limit without a request is
a request too. A request for more than there is does not keep a step from running here, unless the caller wants so: a
pipeline that is made for a cluster should start on a laptop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from milonga.compiler.graph import Resources
from milonga.compiler.graph.quantities import amount
from milonga.engine.resources.machine import Machine
from milonga.errors import RunError

_DEVICE_PLUGIN = "nvidia.com/"
_NO_NVIDIA = ("tpu", "amd", "intel", "habana", "neuron")
"""In the names that Google and others give to accelerators of their own."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a step asks for. Zero and None mean that it does not say.

    Attributes:
        cpus: cores to set aside.
        memory_bytes: memory to set aside.
        gpus: NVIDIA devices of its own.
        cpu_limit: cores that it may use at most; kept to where it runs in a container.
        memory_limit_bytes: what its processes may hold at most; it is ended when they hold more.
    """

    cpus: float = 0.0
    memory_bytes: int = 0
    gpus: int = 0
    cpu_limit: float | None = None
    memory_limit_bytes: int | None = None

    def fitted(self, machine: Machine) -> tuple[Demand, tuple[str, ...]]:
        """This demand cut to what `machine` has, and what was cut in words."""
        cut: list[str] = []
        if self.cpus > machine.cpus:
            cut.append(f"{self.cpus:g} cores of {machine.cpus:g}")
        if self.memory_bytes > machine.memory_bytes:
            cut.append(f"{_gib(self.memory_bytes)} of memory of {_gib(machine.memory_bytes)}")
        if self.gpus > len(machine.gpus):
            cut.append(f"{self.gpus} GPU of {len(machine.gpus)}")
        fitting = replace(
            self,
            cpus=min(self.cpus, machine.cpus),
            memory_bytes=min(self.memory_bytes, machine.memory_bytes),
            gpus=min(self.gpus, len(machine.gpus)),
        )
        return fitting, tuple(cut)


def demand_of(resources: Resources | None, resolved: Callable[[str], Any], where: str) -> Demand:
    """The demand of a container.

    Args:
        resources: as the pipeline file has them, placeholders included.
        resolved: fills in placeholders.
        where: the task, for errors.

    Raises:
        RunError: E449, what an input gives is no quantity.
    """
    if resources is None:
        return Demand()
    limits = {name: _amount(resolved(text), name, where) for name, text in resources.limits().items()}
    requests = {name: _amount(resolved(text), name, where) for name, text in resources.requests().items()}
    memory = requests.get("memory", limits.get("memory", 0.0))
    return Demand(
        cpus=requests.get("cpu", limits.get("cpu", 0.0)),
        memory_bytes=int(memory),
        gpus=_gpus(resources, resolved, where),
        cpu_limit=limits.get("cpu"),
        memory_limit_bytes=int(limits["memory"]) if limits.get("memory") else None,
    )


def _amount(value: Any, name: str, where: str) -> float:
    try:
        number = amount(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise RunError(
            "E449",
            f"the {name} of the step is no quantity",
            where=where,
            got=repr(value)[:80],
            expected="a quantity of Kubernetes, such as '500m' for cpu and '4Gi' for memory",
            kind="user",
        )
    return number


def _gpus(resources: Resources, resolved: Callable[[str], Any], where: str) -> int:
    accelerator = resources.accelerator
    if accelerator is None:
        return 0
    kind = str(resolved(accelerator.resource_type or "") or accelerator.type or "").lower()
    if kind and not kind.startswith(_DEVICE_PLUGIN) and ("/" in kind or any(name in kind for name in _NO_NVIDIA)):
        return 0  # a TPU, a device of another maker: nothing here hands them out
    count = resolved(accelerator.resource_count or "") or accelerator.count or 0
    return int(_amount(count, "number of accelerators", where))


def _gib(size_bytes: int) -> str:
    large = size_bytes >= 1000 * 2**30
    return f"{size_bytes / 2**40:.3g} TiB" if large else f"{size_bytes / 2**30:.3g} GiB"
