"""Where the objects of the store lie in a pod."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Objects(Protocol):
    """What whoever evaluates recipes reads from. Used by one thread.

    What may never change: an object that is there stays as it is for as long as anybody may ask.
    """

    def place(self, leaf: str, what: str, indices: Sequence[int]) -> Path:
        """Where an object of a step lies, whether or not there is one.

        Args:
            leaf: name of the step's results in the store.
            what: its result, or the content of an artifact.
            indices: of all iterations around the step, the outermost first.
        """
        ...


class SlotObjects:
    """The objects that Argo has put into the pod. Used by one thread.

    Args:
        slots: the name of the folder, and of how many loops the iteration is known, by leaf and what.
        inputs: where these folders are.
        unpacked: an empty folder for objects that come packed, made when the first one does.
    """

    def __init__(self, slots: Mapping[tuple[str, str], tuple[str, int]], inputs: Path, unpacked: Path) -> None:
        self._slots = slots
        self._inputs = inputs
        self._unpacked = unpacked

    def place(self, leaf: str, what: str, indices: Sequence[int]) -> Path:
        """Where an object lies, whether or not there is one."""
        slot, fixed = self._slots[leaf, what]
        place = self._inputs / slot
        further = [str(index) for index in indices[fixed:]]
        if not further:
            return place
        packed = place.joinpath(*further).with_name(f"{further[-1]}.tgz")
        target = self._unpacked.joinpath(slot, *further)
        if packed.is_file() and not target.exists():
            _unpack(packed, target)
        return target


def has_content(path: Path) -> bool:
    """Whether Argo has put something there: in place of an object that is absent stands an empty folder."""
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def _unpack(packed: Path, target: Path) -> None:
    """The one file or folder of an archive becomes `target`, whole or not at all.

    Links are made last, so nothing is written through one: tasks make these archives, and a task may be anybody's. A
    link may lead anywhere, as it may in a folder that Argo unpacks itself.
    """
    import tarfile  # few pods get packed objects

    staging = target.with_name(f".{target.name}")
    staging.mkdir(parents=True)
    with tarfile.open(packed) as archive:
        members = archive.getmembers()
        outside = [member.name for member in members if _leads_out(member.name)]
        outside += [member.name for member in members if member.islnk() and _leads_out(member.linkname)]
        if outside:
            raise tarfile.TarError(f"{packed} has an entry outside of it: {outside[0]!r}")
        archive.extractall(staging, members=[member for member in members if not member.issym()])
        for member in members:
            if member.issym():
                link = staging / member.name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(member.linkname)
    inside = list(staging.iterdir())
    if len(inside) == 1:
        inside[0].rename(target)
        shutil.rmtree(staging)
    else:
        staging.rename(target)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/")
