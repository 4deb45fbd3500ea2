"""Who uses what of the machine right now. Owned by one run; engines beside it on the same machine are not known."""

from __future__ import annotations

from milonga.engine.resources.demand import Demand
from milonga.engine.resources.machine import Machine
from milonga.engine.workers.base import Limits

_STEPS_A_CORE = 4
"""Steps at a time for each core when nobody says how many: a bound for those that ask for next to nothing."""

_ROUNDING = 1e-9


class Ledger:
    """Hands out cores, memory and devices.

    Args:
        machine: what there is.
        jobs: how many steps may run at the same time; 0 leaves it to the cores, of which a step that does not say
            takes one. With a number, a step that does not say takes none: the number alone decides.
    """

    def __init__(self, machine: Machine, jobs: int) -> None:
        self.machine = machine
        self._steps_left = jobs or max(1, int(machine.cpus)) * _STEPS_A_CORE
        self._cpus_left = machine.cpus
        self._memory_left = machine.memory_bytes
        self._gpus_left = list(machine.gpus)
        self._unsaid_cpus = 0.0 if jobs else 1.0
        self._taken: dict[int, tuple[float, int, tuple[str, ...]]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nobody has taken anything."""
        return not self._taken

    def fits(self, demand: Demand) -> bool:
        """Whether a step with `demand` could start now. When nothing runs, every step can."""
        if self.is_idle:
            return True
        return (
            self._steps_left > 0
            and self._cpus_of(demand) <= self._cpus_left + _ROUNDING
            and demand.memory_bytes <= self._memory_left
            and demand.gpus <= len(self._gpus_left)
        )

    def take(self, holder: int, demand: Demand) -> Limits:
        """Set `demand` aside for `holder`."""
        gpus = tuple(self._gpus_left[: demand.gpus])
        del self._gpus_left[: demand.gpus]
        cpus = self._cpus_of(demand)
        self._taken[holder] = (cpus, demand.memory_bytes, gpus)
        self._steps_left -= 1
        self._cpus_left -= cpus
        self._memory_left -= demand.memory_bytes
        return Limits(demand.cpu_limit, demand.memory_limit_bytes, gpus if demand.gpus else None)

    def give_back(self, holder: int) -> None:
        """What `holder` had is free again."""
        cpus, memory_bytes, gpus = self._taken.pop(holder)
        self._steps_left += 1
        self._cpus_left += cpus
        self._memory_left += memory_bytes
        self._gpus_left = sorted([*self._gpus_left, *gpus], key=self.machine.gpus.index)

    def _cpus_of(self, demand: Demand) -> float:
        return demand.cpus or min(self._unsaid_cpus, self.machine.cpus)
