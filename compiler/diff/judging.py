"""From two facts of the same thing, or one without the other, to a change: which kind, in which words."""

from __future__ import annotations

from collections.abc import Callable

from milonga.compiler.diff.change import Change
from milonga.compiler.diff.facts import Fact
from milonga.compiler.diff.kinds import FAMILIES
from milonga.compiler.diff.texts import clipped, counted, short


def judged(where: str, before: Fact | None, after: Fact | None) -> Change | None:
    """The change from one fact to the other at `where`; None when they mean the same."""
    fact = after or before
    if fact is None or (before is not None and after is not None and before.value == after.value):
        return None
    family = FAMILIES[fact.family]
    kind = family.added if before is None else family.removed if after is None else family.changed
    quiet = family.quiet
    old, new = before.shown if before is not None else None, after.shown if after is not None else None
    if kind == "code-changed" and _meaning(before) == _meaning(after):
        kind, quiet = "code-layout", True
    text = spoken(where, kind, fact.what, old, new)
    return Change(where, kind, fact.what, old, new, text, quiet)


def _meaning(fact: Fact | None) -> str | None:
    return fact.code_meaning if fact is not None else None


def spoken(where: str, kind: str, what: str, before: str | None, after: str | None) -> str:
    """A change in one line."""
    speaker = SPEAKERS.get(kind)
    if speaker is not None:
        return speaker(where, what, before or "", after or "")
    if before is None:
        return f"{what} {short(after or '')} (not set before)"
    if after is None:
        return f"{what} {short(before)} → not set"
    old, new = clipped(before, after)
    return f"{what} {old} → {new}"


def _code(where: str, what: str, before: str, after: str) -> str:
    return f"{'code' if what == 'source' else short(what)} changed ({counted(before, after)})"


def _layout(where: str, what: str, before: str, after: str) -> str:
    return f"{'code' if what == 'source' else short(what)}: comments or layout only ({counted(before, after)})"


def _edge_added(where: str, what: str, before: str, after: str) -> str:
    if what == "order":
        return f"waits for {short(after)}"
    return f"new edge {short(after)} → {_task(where)}.{what}"


def _edge_removed(where: str, what: str, before: str, after: str) -> str:
    if what == "order":
        return f"no longer waits for {short(before)}"
    return f"no edge {short(before)} → {_task(where)}.{what} any more"


def _task(where: str) -> str:
    return where.rpartition("/")[2]


def _new(noun: str) -> Callable[[str, str, str, str], str]:
    return lambda where, what, before, after: f"new {noun} {short(what)}: {short(after)}"


def _gone(noun: str) -> Callable[[str, str, str, str], str]:
    return lambda where, what, before, after: f"no {noun} {short(what)} any more (was {short(before)})"


def _default(where: str, what: str, before: str, after: str) -> str:
    old, new = clipped(before or "none", after or "none")
    return f"default of {what}: {old} → {new}"


def _optional(where: str, what: str, before: str, after: str) -> str:
    return f"{what} need not be given any more" if after else f"{what} must be given now"


def _source(where: str, what: str, before: str, after: str) -> str:
    old, new = clipped(before, after)
    return f"output {what} comes from {new} instead of {old}" if before and after else f"output {what}: {old or new}"


SPEAKERS: dict[str, Callable[[str, str, str, str], str]] = {
    "code-changed": _code,
    "code-layout": _layout,
    "module-added": lambda where, what, before, after: f"module {short(what)} now travels with it",
    "module-removed": lambda where, what, before, after: f"module {short(what)} no longer travels with it",
    "edge-added": _edge_added,
    "edge-removed": _edge_removed,
    "input-added": _new("input"),
    "input-removed": _gone("input"),
    "output-added": _new("output"),
    "output-removed": _gone("output"),
    "output-source": _source,
    "input-optional": _optional,
    "default": _default,
}
"""Kinds with words of their own; the others are spoken as "memory 2Gi → 4Gi"."""
