"""Which task of one pipeline is which of the other.

In each DAG: tasks of the same name belong together. Where a family of numbered names (`train`, `train-2`, ...; the
groups `condition-1`, `for-loop-2`, ...) is not the same on both sides, equal content comes first, because compilers
number tasks again when one is put before the others. What is left is a rename when everything else is equal: content,
what it takes, and from whom; equal candidates are told apart by who takes from them, then by name.

Cost: content is read once a task and only in DAGs whose names differ; everything else is dictionaries and sorting,
O((tasks + edges) log tasks). Nothing is compared pair by pair.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from milonga.compiler.diff.aspects import facts_of
from milonga.compiler.diff.change import path_order
from milonga.compiler.diff.facts import Reading
from milonga.compiler.diff.kinds import FAMILIES
from milonga.compiler.diff.naming import Naming
from milonga.compiler.diff.tree import CHANNEL, Node

_NUMBER = re.compile(r"-\d+$")
_QUIET = frozenset(name for name, family in FAMILIES.items() if family.quiet)


@dataclass(frozen=True, slots=True)
class Matching:
    """The counterparts.

    Attributes:
        pairs: (before, after), each after the pair that holds it; the pipelines first.
        removed, added: tasks without a counterpart; what is inside of them is not listed.
    """

    pairs: tuple[tuple[Node, Node], ...]
    removed: tuple[Node, ...]
    added: tuple[Node, ...]


def match(before: Node, after: Node) -> Matching:
    """The counterparts of all tasks of two trees."""
    contents = _Contents()
    pairs = [(before, after)]
    removed: list[Node] = []
    added: list[Node] = []
    position = 0
    while position < len(pairs):
        found = _Level(pairs[position][0].children, pairs[position][1].children).matched(contents)
        pairs.extend((node, other) for node, other in found.items())
        taken = set(map(id, found.values()))
        removed.extend(node for node in pairs[position][0].children.values() if node not in found)
        added.extend(node for node in pairs[position][1].children.values() if id(node) not in taken)
        position += 1
    return Matching(tuple(pairs), tuple(removed), tuple(added))


class _Contents:
    """Digests of what tasks are, whatever they and the tasks around them are called. Each is made once."""

    def __init__(self) -> None:
        nameless = Naming(lambda node: "")
        self._reading = Reading(nameless, nameless)
        self._known: dict[Node, str] = {}

    def of(self, node: Node) -> str:
        order, position = [node], 0
        while position < len(order):
            order.extend(child for child in order[position].children.values() if child not in self._known)
            position += 1
        for inner in reversed(order):
            if inner not in self._known:
                self._known[inner] = self._digest(inner)
        return self._known[node]

    def _digest(self, node: Node) -> str:
        facts = facts_of(node, self._reading)
        own = sorted(
            (*identity, fact.code_meaning)
            for identity, fact in facts.items()
            if identity[0] not in _QUIET and fact.what != "order"
        )
        inner = sorted(self._known[child] for child in node.children.values())
        return hashlib.sha256(repr((own, inner)).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Level:
    """The tasks of two DAGs that belong together, and what of them is matched so far."""

    before: Mapping[str, Node]
    after: Mapping[str, Node]
    found: dict[Node, Node] = field(default_factory=dict)
    numbers: dict[Node, int] = field(default_factory=dict)
    edges: dict[Node, tuple[tuple[str, str, Node], ...]] = field(default_factory=dict)
    users: dict[Node, list[tuple[str, str]]] = field(default_factory=dict)

    def matched(self, contents: _Contents) -> dict[Node, Node]:
        """Before → after, for all that have a counterpart."""
        if self.before.keys() == self.after.keys():
            return {node: self.after[name] for name, node in self.before.items()}
        self._match_unchanged_families(contents)
        for name, node in self.before.items():
            other = self.after.get(name)
            if other is not None and node not in self.numbers and other not in self.numbers:
                self._pair(node, other)
        self._match_renamed(contents)
        return self.found

    def _pair(self, node: Node, other: Node) -> None:
        number = len(self.found)
        self.found[node] = other
        self.numbers[node] = self.numbers[other] = number

    def _match_unchanged_families(self, contents: _Contents) -> None:
        """Numbered families that differ: the same name with the same content, then the same content."""
        families = _families(self.before), _families(self.after)
        for base in sorted(families[0].keys() & families[1].keys()):
            old, new = families[0][base], families[1][base]
            if {node.name for node in old} == {node.name for node in new}:
                continue
            for node in old:
                other = self.after.get(node.name)
                if other is not None and contents.of(node) == contents.of(other):
                    self._pair(node, other)
            self._pair_equal(old, new, contents.of)

    def _match_renamed(self, contents: _Contents) -> None:
        """In the order of the data: a task is compared when everything that it takes from is decided."""
        self._read_edges()
        old = [node for node in self.before.values() if node not in self.numbers]
        new = [node for node in self.after.values() if node not in self.numbers]
        if not old or not new:
            return
        for before, after in zip(_waves(old, self.edges), _waves(new, self.edges), strict=False):
            self._pair_equal(before, after, lambda node: (contents.of(node), self._taken(node), self._uses(node)))
            self._pair_equal(before, after, lambda node: (contents.of(node), self._taken(node)))

    def _taken(self, node: Node) -> tuple[object, ...]:
        """What a task takes, and from which pair of tasks."""
        return tuple(
            (name, key, self.numbers.get(producer, f"only {producer.path}")) for name, key, producer in self.edges[node]
        )

    def _uses(self, node: Node) -> tuple[object, ...]:
        return tuple(sorted(self.users.get(node, ())))

    def _pair_equal(self, old: Iterable[Node], new: Iterable[Node], key: Callable[[Node], object]) -> None:
        """Pair what is left of both sides where the keys are equal, by name within one key."""
        free: dict[object, list[Node]] = {}
        for node in sorted((node for node in new if node not in self.numbers), key=_by_name, reverse=True):
            free.setdefault(key(node), []).append(node)
        for node in sorted((node for node in old if node not in self.numbers), key=_by_name):
            candidates = free.get(key(node))
            if candidates:
                self._pair(node, candidates.pop())

    def _read_edges(self) -> None:
        """What each task takes from its neighbours; who takes from it counts where that task's name stayed."""
        for side, other in ((self.before, self.after), (self.after, self.before)):
            for name, node in side.items():
                taken = sorted(_edges(node, side), key=lambda edge: (edge[0], edge[1], edge[2].name))
                self.edges[node] = tuple(taken)
                user = name if name in other else ""
                for entry, _, producer in taken:
                    self.users.setdefault(producer, []).append((user, entry))


def _by_name(node: Node) -> tuple[object, ...]:
    return path_order(node.name)


def _families(nodes: Mapping[str, Node]) -> dict[str, list[Node]]:
    families: dict[str, list[Node]] = {}
    for name, node in nodes.items():
        families.setdefault(_NUMBER.sub("", name), []).append(node)
    return families


def _edges(node: Node, side: Mapping[str, Node]) -> Iterable[tuple[str, str, Node]]:
    """(input, output, producer) for what `node` takes; names that a compiler made tell nothing."""
    for name, binding in node.task.parameter_bindings.items():
        made = binding.task_output_parameter
        if made is not None and made.producer_task in side:
            yield _told(name), _told(made.output_parameter_key), side[made.producer_task]
    for name, artifact in node.task.artifact_bindings.items():
        output = artifact.task_output_artifact
        if output is not None and output.producer_task in side:
            yield _told(name), _told(output.output_artifact_key), side[output.producer_task]
    for name in node.task.dependent_tasks or ():
        if name in side:
            yield "", "", side[name]


def _told(name: str) -> str:
    return "" if name.startswith(CHANNEL) else name


def _waves(nodes: list[Node], edges: Mapping[Node, tuple[tuple[str, str, Node], ...]]) -> list[list[Node]]:
    """`nodes` in waves: each takes from earlier waves only. What waits in a circle is in none."""
    among = set(nodes)
    waiting = {node: len({producer for _, _, producer in edges[node] if producer in among}) for node in nodes}
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for producer in {producer for _, _, producer in edges[node] if producer in among}:
            users.setdefault(producer, []).append(node)
    waves = [[node for node in nodes if not waiting[node]]]
    while waves[-1]:
        following = []
        for node in waves[-1]:
            for user in users.get(node, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    following.append(user)
        waves.append(following)
    return waves[:-1]
