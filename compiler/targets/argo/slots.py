"""What a pod needs from the store, found by looking at the expressions that it will evaluate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from milonga.runtime.argo.layout import RESULT


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One object of the store, or all below a name when an outer loop is gathered.

    Attributes:
        leaf: the step that made it.
        what: `RESULT`, or an artifact: "a-" and its name in the store.
        fixed: of how many loops around the maker the iteration is known.
        depth: how many loops are around the maker.
    """

    leaf: str
    what: str
    fixed: int
    depth: int

    @property
    def is_gathered(self) -> bool:
        """Whether it stands for the objects of several iterations."""
        return self.fixed < self.depth


def slots_of(
    parameters: Iterable[Any], artifacts: Iterable[Any], artifact_slugs: dict[str, dict[str, str]]
) -> tuple[Slot, ...]:
    """The slots of a pod, in a fixed order.

    Args:
        parameters: expressions of parameters.
        artifacts: expressions of artifacts.
        artifact_slugs: for each step, the name in the store of each of its output artifacts.
    """
    found: set[Slot] = set()
    for expression in parameters:
        found.update(_needs(expression, None, is_artifact=False, slugs=artifact_slugs))
    for expression in artifacts:
        found.update(_needs(expression, None, is_artifact=True, slugs=artifact_slugs))
    whole = {
        (slot.leaf, slot.what): min(s.fixed for s in found if (s.leaf, s.what) == (slot.leaf, slot.what))
        for slot in found
    }
    return tuple(sorted(slot for slot in found if whole[slot.leaf, slot.what] == slot.fixed))


def _needs(expression: Any, free: int | None, *, is_artifact: bool, slugs: dict[str, dict[str, str]]) -> Iterator[Slot]:
    """Slots of one expression; `free` is the depth from which on all iterations are wanted."""
    form = expression[0]
    if form == "output":
        leaf, depth = expression[1], expression[2]
        fixed = depth if free is None else min(free, depth)
        yield Slot(leaf, RESULT, fixed, depth)
        if is_artifact:
            yield Slot(leaf, f"a-{slugs[leaf][expression[3]]}", fixed, depth)
    elif form == "each":
        depth = expression[2] if free is None else min(free, expression[2])
        yield from _needs(expression[1], free, is_artifact=is_artifact, slugs=slugs)
        yield from _needs(expression[3], depth, is_artifact=is_artifact, slugs=slugs)
    elif form == "count":
        yield from _needs(expression[2], free, is_artifact=expression[1] == "artifacts", slugs=slugs)
    elif form == "first":
        for candidate in expression[1]:
            yield from _needs(candidate, free, is_artifact=is_artifact, slugs=slugs)
    elif form == "if":
        for inner in expression[2].values():
            yield from _needs(inner, free, is_artifact=False, slugs=slugs)
        yield from _needs(expression[3], free, is_artifact=is_artifact, slugs=slugs)
    elif form == "text":
        for inner in expression[2].values():
            yield from _needs(inner, free, is_artifact=False, slugs=slugs)
    elif form == "import":
        yield from _needs(expression[2], free, is_artifact=False, slugs=slugs)
        yield from _needs(expression[3], free, is_artifact=False, slugs=slugs)
    elif form == "claim":
        yield from _needs(expression[3], free, is_artifact=False, slugs=slugs)
        yield from _needs(expression[4], free, is_artifact=False, slugs=slugs)
    elif form in ("item", "part", "typed"):
        yield from _needs(expression[1], free, is_artifact=is_artifact, slugs=slugs)


def pipeline_inputs_of(expressions: Iterable[Any]) -> Iterator[str]:
    """Names of the pipeline's input parameters that expressions read, as often as they do."""
    for expression in expressions:
        yield from _reads(expression, "input")


def statuses_of(expressions: Iterable[Any]) -> Iterator[str]:
    """Names of the tasks whose final status expressions read."""
    for expression in expressions:
        yield from _reads(expression, "status")


def _reads(expression: Any, form: str) -> Iterator[str]:
    if isinstance(expression, dict):
        for inner in expression.values():
            yield from _reads(inner, form)
    elif isinstance(expression, list) and expression and expression[0] != "constant":
        if expression[0] == form:
            yield str(expression[1])
        data_apart = {"typed": expression[1:2], "text": expression[2:]}  # a default or text may look like a form
        for inner in data_apart.get(expression[0] if isinstance(expression[0], str) else "", expression[1:]):
            yield from _reads(inner, form)
