"""The tasks of one DAG template."""

from __future__ import annotations

from dataclasses import dataclass, field

from milonga.compiler.targets.argo.gate.calls import has_loop, tasks_of
from milonga.compiler.targets.argo.gate.dags.depends import Depends, of_dependencies, read_depends
from milonga.compiler.targets.argo.gate.node import Node


@dataclass(frozen=True, slots=True, eq=False)
class Dag:
    """Tasks by name, and what each waits for.

    Attributes:
        template: the template.
        tasks: the tasks; of several of one name the first.
        depends: what each waits for.
        uses_depends: whether one of them says `depends`.
    """

    template: Node
    tasks: dict[str, Node]
    depends: dict[str, Depends]
    uses_depends: bool
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, template: Node) -> Dag:
        """The DAG of a template, which may be broken."""
        tasks: dict[str, Node] = {}
        for task in tasks_of(template):
            tasks.setdefault(task.name, task)
        depends = {name: _depends(task) for name, task in tasks.items()}
        return cls(template, tasks, depends, any(task.at("depends").text for task in tasks.values()))

    def waits_for(self) -> dict[str, frozenset[str]]:
        """Known tasks that each task waits for."""
        return {name: depends.tasks & self.tasks.keys() for name, depends in self.depends.items()}

    def ancestors(self, name: str) -> frozenset[str]:
        """Every task that is done before this one."""
        if name not in self._ancestors:
            found: set[str] = set()
            waiting = [name]
            while waiting:
                new = (self.depends[waiting.pop()].tasks & self.tasks.keys()) - found
                found |= new
                waiting += new
            self._ancestors[name] = frozenset(found)
        return self._ancestors[name]

    def order(self) -> list[str] | None:
        """Names, each after those that it waits for; None where they wait in a circle."""
        left = {name: set(before) for name, before in self.waits_for().items()}
        after: dict[str, list[str]] = {name: [] for name in left}
        for name, before in left.items():
            for other in before:
                after[other].append(name)
        ready = [name for name, before in left.items() if not before]
        found: list[str] = []
        while ready:
            name = ready.pop()
            found.append(name)
            for other in after[name]:
                left[other].discard(name)
                if not left[other]:
                    ready.append(other)
        return found if len(found) == len(left) else None

    def outcomes(
        self, assumed: dict[str, frozenset[str]] | None = None, *, with_failures: bool = True
    ) -> dict[str, frozenset[str]]:
        """How each task may end, given how some do; nothing for tasks in a circle or an unreadable `depends`."""
        order = self.order()
        if order is None or any(depends.problem for depends in self.depends.values()):
            return {}
        found = dict(assumed or {})
        for name in order:
            if name not in found:
                found[name] = self._ends(name, found, with_failures=with_failures)
        return found

    def may_run(self, name: str, source: str, end: str, outcomes: dict[str, frozenset[str]]) -> bool:
        """Whether a task may run although one before it ended in that way, where `outcomes` are those without it."""
        if name not in outcomes:
            return False
        known: dict[str, frozenset[str]] = {source: frozenset((end,))}
        waiting = [name]
        while waiting:  # those between the two, each after those that it waits for
            here = waiting[-1]
            before = [other for other in self.depends[here].tasks & self.tasks.keys() if other not in known]
            if here in known or not before:
                waiting.pop()
                if here not in known:
                    known[here] = self._ends(here, known, with_failures=True)
            else:
                for other in before:
                    if source in self.ancestors(other):
                        waiting.append(other)
                    else:
                        known[other] = outcomes[other]
        return bool(known[name] - {"Omitted"})

    def _ends(self, name: str, known: dict[str, frozenset[str]], *, with_failures: bool) -> frozenset[str]:
        """How a task may end, given those that it waits for."""
        may_run, may_not = self._may(name, known)
        ends: set[str] = set()
        if may_run:
            ends |= {"Succeeded", "Failed", "Errored"} if with_failures else {"Succeeded"}
            if may_be_skipped(self.tasks[name]):
                ends.add("Skipped")
        if may_not:
            ends.add("Omitted")
        return frozenset(ends)

    def _may(self, name: str, known: dict[str, frozenset[str]]) -> tuple[bool, bool]:
        """Whether a task may run, and whether it may not."""
        condition = self.depends[name].condition
        if condition is None:
            return True, False
        if condition.tasks - self.tasks.keys():
            return True, True  # it names what is not there; another rule says so
        results = condition.results(known)
        return True in results, False in results


def may_be_skipped(task: Node) -> bool:
    """Whether a task or step may be Skipped as a whole; a condition on the item of a loop skips single iterations."""
    by_item = has_loop(task) and "item" in task.at("when").text
    return (task.has("when") and not by_item) or may_be_empty(task)


def may_be_empty(task: Node) -> bool:
    """Whether a loop may have no item, so that its task is Skipped."""
    if not has_loop(task):
        return False
    if task.has("withItems"):
        return not task.at("withItems").value
    count = task.at("withSequence", "count").value
    if task.has("withSequence"):
        text = str(count) if count is not None else ""
        return text == "0" or "{{" in text
    text = task.at("withParam").text
    return "{{" in text or text.strip() == "[]"


def _depends(task: Node) -> Depends:
    text = task.at("depends").text
    if text:
        return read_depends(text)
    return of_dependencies([name.text for name in task.at("dependencies").elements() if name.text])
