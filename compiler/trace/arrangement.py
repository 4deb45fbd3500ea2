"""An order for statements that were taken from the cells of a notebook: what is needed stands before who needs it.

The order depends on the statements alone, not on when their cells ran. Where functions need each other in a circle,
only what they need at once, such as a base class or a decorator, must stand before them.
"""

from __future__ import annotations

import ast
import heapq
from collections.abc import Mapping, Sequence
from itertools import pairwise

from milonga.compiler.trace.statements import Statement, eager_names

_KINDS: Mapping[type[ast.stmt], int] = {
    ast.Import: 0,
    ast.ImportFrom: 0,
    ast.FunctionDef: 2,
    ast.AsyncFunctionDef: 2,
    ast.ClassDef: 3,
}
_LITERAL, _OTHER = 1, 4

Needs = Sequence[set[int]]
"""For each statement the numbers of those that must stand before it."""


def arrange(
    statements: Sequence[Statement], uses: Sequence[set[str]], providers: Mapping[str, Sequence[Statement]]
) -> list[Statement]:
    """The statements in their order.

    Args:
        statements: what was taken, each once.
        uses: the names that each statement needs.
        providers: for each name the statements, in order, that make it what it is.
    """
    numbers = {id(statement): number for number, statement in enumerate(statements)}
    given = {name: [numbers[id(item)] for item in items] for name, items in providers.items()}
    later: list[set[int]] = [set() for _ in statements]
    at_once: list[set[int]] = [set() for _ in statements]
    for number, statement in enumerate(statements):
        eager = eager_names(statement.node) if uses[number] else set()
        for name in uses[number]:
            wanted = given.get(name, [])
            if number not in wanted:
                later[number].update(wanted)
                at_once[number].update(wanted if name in eager else ())
        for name in statement.binds:
            if number not in given.get(name, [number]):  # it binds the name on the way; the last word is another's
                at_once[given[name][0]].add(number)
    for items in given.values():
        for before, after in pairwise(items):
            at_once[after].add(before)
    for number, needed in enumerate(at_once):
        needed.discard(number)
        later[number] = (later[number] | needed) - {number}
    keys = [
        (_kind(statement, uses[i]), sorted(statement.binds), statement.text) for i, statement in enumerate(statements)
    ]
    rank = {number: place for place, number in enumerate(sorted(range(len(statements)), key=keys.__getitem__))}
    circles = _circles(later)
    order = [number for circle in _sorted(circles, later, rank) for number in _within(circle, at_once, rank)]
    return [statements[number] for number in order]


def _kind(statement: Statement, used: set[str]) -> int:
    return _KINDS.get(type(statement.node), _OTHER if used else _LITERAL)


def _sorted(circles: Sequence[Sequence[int]], needs: Needs, rank: Mapping[int, int]) -> list[Sequence[int]]:
    """The circles, each after those that it needs; the lowest rank first where there is a choice."""
    circle_of = {number: index for index, circle in enumerate(circles) for number in circle}
    waits = [
        {circle_of[need] for number in circle for need in needs[number]} - {index}
        for index, circle in enumerate(circles)
    ]
    return [circles[index] for index in _by_need(waits, [min(rank[number] for number in circle) for circle in circles])]


def _within(circle: Sequence[int], at_once: Needs, rank: Mapping[int, int]) -> list[int]:
    """The statements of one circle, by what they need at once."""
    if len(circle) == 1:
        return list(circle)
    places = {number: place for place, number in enumerate(circle)}
    waits = [{places[need] for need in at_once[number] if need in places} for number in circle]
    return [circle[place] for place in _by_need(waits, [rank[number] for number in circle])]


def _by_need(waits: Needs, rank: Sequence[int]) -> list[int]:
    """Numbers in an order that respects `waits`; what is still in a circle comes last, by rank."""
    missing = [len(needed) for needed in waits]
    followers: list[list[int]] = [[] for _ in waits]
    for number, needed in enumerate(waits):
        for need in needed:
            followers[need].append(number)
    ready = [(rank[number], number) for number, count in enumerate(missing) if not count]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, number = heapq.heappop(ready)
        order.append(number)
        for follower in followers[number]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, (rank[follower], follower))
    stuck = sorted((number for number, count in enumerate(missing) if count), key=lambda number: rank[number])
    return [*order, *stuck]


def _circles(needs: Needs) -> list[list[int]]:
    """The strongly connected parts (Tarjan, SIAM J. Comput. 1, 1972), without recursion."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for start in range(len(needs)):
        work = [(start, iter(sorted(needs[start])))] if start not in index else []
        while work:
            number, following = work[-1]
            if number not in index:
                index[number] = low[number] = len(index)
                stack.append(number)
                on_stack.add(number)
            following_number = next(following, None)
            if following_number is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[number])
                if low[number] == index[number]:
                    place = stack.index(number)
                    found.append(stack[place:])
                    on_stack.difference_update(stack[place:])
                    del stack[place:]
            elif following_number not in index:
                work.append((following_number, iter(sorted(needs[following_number]))))
            elif following_number in on_stack:
                low[number] = min(low[number], index[following_number])
    return found
