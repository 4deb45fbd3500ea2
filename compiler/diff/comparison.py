"""`compare`: two graphs, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diff.aspects import facts_of
from milonga.compiler.diff.change import PIPELINE, Change, path_order
from milonga.compiler.diff.facts import Reading
from milonga.compiler.diff.judging import judged
from milonga.compiler.diff.kinds import KINDS
from milonga.compiler.diff.matching import Matching, match
from milonga.compiler.diff.naming import Naming
from milonga.compiler.diff.texts import short
from milonga.compiler.diff.tree import Node, nodes_below, unfold
from milonga.compiler.graph import Graph


def compare(before: Graph, after: Graph) -> tuple[Change, ...]:
    """What differs in meaning, by task; the pipeline's own changes first. Empty for pipelines that mean the same.

    Quiet changes are among them: see `Change.quiet`.

    Raises:
        InvalidPipeline: E210, a task uses a component that does not exist.
        UsageError: E941, a graph is too large, too deep, or holds itself.
    """
    matching = match(unfold(before), unfold(after))
    changes = [*_pairs(matching), *_one_sided(matching)]
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    return tuple(sorted(changes, key=lambda change: _rank(change, ranks)))


def matched_paths(before: Graph, after: Graph) -> dict[str, str]:
    """Paths of the tasks that both pipelines have, as they are in `before` → as they are in `after`.

    Raises:
        InvalidPipeline, UsageError: as `compare`.
    """
    return {node.path: other.path for node, other in match(unfold(before), unfold(after)).pairs if node.path}


def _rank(change: Change, ranks: dict[str, int]) -> tuple[object, ...]:
    place = () if change.where == PIPELINE else path_order(change.where)
    return place, ranks[change.kind], change.what, change.before or "", change.after or ""


def _pairs(matching: Matching) -> Iterator[Change]:
    names = {node: other.path for node, other in matching.pairs}
    paths = {other.path for other in nodes_below(matching.pairs[0][1])}
    for node in (inner for gone in matching.removed for inner in nodes_below(gone)):
        names[node] = f"\0{node.path}" if node.path in paths else node.path  # another task has that name now
    shown = Naming(lambda node: node.path)
    old = Reading(Naming(names.__getitem__), shown)
    new = Reading(shown, shown)
    for node, other in matching.pairs:
        where = other.path or PIPELINE
        if node.name != other.name:
            text = f"renamed from {short(node.path)}"
            yield Change(where, "task-renamed", "name", node.path, other.path, text)
        facts, others = facts_of(node, old), facts_of(other, new)
        for identity in {**facts, **others}:
            fact = facts.get(identity) or others[identity]
            if fact.owner is not None and (fact.owner not in facts or fact.owner not in others):
                continue
            change = judged(where, facts.get(identity), others.get(identity))
            if change is not None:
                yield change


def _one_sided(matching: Matching) -> Iterator[Change]:
    shown = Naming(lambda node: node.path)
    reading = Reading(shown, shown)
    for node in matching.removed:
        call = _call(node, reading)
        yield Change(node.path, "task-removed", "task", call, None, f"removed: {short(call)}")
    for node in matching.added:
        call = _call(node, reading)
        yield Change(node.path, "task-added", "task", None, call, f"new: {short(call)}")


def _call(node: Node, reading: Reading) -> str:
    """A task as the author would write it: what it is and what it is given."""
    facts = facts_of(node, reading)
    given = [f"{fact.what}={fact.shown}" for fact in facts.values() if fact.family in ("constant", "edge") if fact.what]
    program = reading.program(node)
    inside = len(nodes_below(node)) - 1
    named = program.function if program is not None else node.name
    tasks = f" with {inside} task{'s' if inside != 1 else ''} inside" if node.component.dag is not None else ""
    return f"{named}({', '.join(sorted(given))}){tasks}"
