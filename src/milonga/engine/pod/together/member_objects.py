"""The objects that tasks of one pod find: what others of the pod have made, and what Argo has put there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from milonga.engine.pod.contents import copy_content
from milonga.engine.pod.objects import Objects
from milonga.runtime.argo.layout import RESULT


class MemberObjects:
    """Objects as one task sees them. Used by one thread.

    Args:
        inside: steps whose results are made in this pod.
        made: where these lie, by leaf and iterations.
        outside: all others.
        copies: a folder of one attempt alone; contents are copied there before they are handed out, since a task may do
            with its inputs what it likes, as it may in a pod of its own. None for whoever does not look at contents.
    """

    def __init__(self, inside: Collection[str], made: Path, outside: Objects, copies: Path | None = None) -> None:
        self._inside = inside
        self._made = made
        self._outside = outside
        self._copies = copies

    def place(self, leaf: str, what: str, indices: Sequence[int]) -> Path:
        """Where an object lies, whether or not there is one."""
        is_inside = leaf in self._inside
        place = (
            member_folder(self._made, leaf, indices) / what if is_inside else self._outside.place(leaf, what, indices)
        )
        if self._copies is None or what == RESULT or not place.exists() or place.is_relative_to(self._copies):
            return place
        copy = member_folder(self._copies / "copies", leaf, indices) / what
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy_content(place, copy)
        return copy


def member_folder(root: Path, leaf: str, indices: Sequence[int]) -> Path:
    """The folder of one step's outputs in one iteration."""
    return root.joinpath(leaf, "_".join(map(str, indices)) or "_")
