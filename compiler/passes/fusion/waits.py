"""What each task of a DAG waits for, directly or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from milonga.compiler.graph import Task
from milonga.compiler.graph.order import in_order


@dataclass(frozen=True, slots=True)
class Waits:
    """Tasks as bits of whole numbers, by the name of the task that waits.

    Attributes:
        bits: the bit of each task.
        order: all tasks, each after those that it waits for.
        ended: what must have ended before.
        succeeded: what must have succeeded before.
    """

    bits: Mapping[str, int]
    order: tuple[str, ...]
    ended: Mapping[str, int]
    succeeded: Mapping[str, int]

    @classmethod
    def of(cls, tasks: Mapping[str, Task], transparent: Iterable[str] = ()) -> Waits:
        """The waits of a DAG.

        Args:
            tasks: its tasks.
            transparent: tasks that need no time and cannot fail, which are not counted.
        """
        uncounted = frozenset(transparent)
        order = tuple(in_order({name: task.producers() for name, task in tasks.items()}))
        bits = {name: 0 if name in uncounted else 1 << at for at, name in enumerate(order)}
        ended: dict[str, int] = {}
        succeeded: dict[str, int] = {}
        for name in order:
            ended[name] = succeeded[name] = 0
            for producer in tasks[name].producers():
                if producer not in ended:
                    continue  # a circle, or no such task: rules say so
                ended[name] |= ended[producer] | bits[producer]
                if not tasks[name].runs_anyway:
                    succeeded[name] |= succeeded[producer] | bits[producer]
        return cls(bits, order, ended, succeeded)

    def outside(self, name: str, members: int) -> tuple[int, int]:
        """What a task waits for that is not among `members`."""
        return self.ended[name] & ~members, self.succeeded[name] & ~members

    def between(self, members: int) -> list[str]:
        """Tasks that wait for one of `members` and that another one of them waits for."""
        awaited = 0
        for name in self.names(members):
            awaited |= self.ended[name]
        return [name for name in self.names(awaited & ~members) if self.ended[name] & members]

    def names(self, tasks: int) -> list[str]:
        """The names behind bits."""
        return [name for name in self.order if self.bits[name] & tasks]
