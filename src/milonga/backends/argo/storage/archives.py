"""Tar archives that tasks have made, unpacked without trust: a task may be anybody's."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from milonga.backends.call_failed import CallFailed

_MODES = 0o755, 0o644


def unpacked(archive: Path, target: Path, what: str) -> None:
    """The one file or folder of an archive becomes `target`, whole or not at all.

    Args:
        archive: a tar file, packed or not.
        target: must not exist; its folder does.
        what: the object, for messages.

    Raises:
        CallFailed: E837, it is no whole archive, or would write elsewhere.
    """
    staging = target.with_name(f".{target.name}.unpacked")
    staging.mkdir()
    try:
        try:
            with tarfile.open(archive) as members:
                _extract(members, staging, what)
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise damaged(what, f"{type(error).__name__}: {error}") from None
        inside = list(staging.iterdir())
        if len(inside) != 1:
            raise damaged(what, f"{len(inside)} entries in the archive")
        inside[0].rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _extract(members: tarfile.TarFile, folder: Path, what: str) -> None:
    """Files, folders, and links that stay inside. Nothing is written through a link."""
    links: set[PurePosixPath] = set()
    for member in members:
        name = PurePosixPath(member.name)
        parts = [part for part in name.parts if part != "."]
        if name.is_absolute() or ".." in parts or "\0" in member.name:
            raise damaged(what, f"an entry outside of it: {member.name[:120]!r}")
        if not parts:
            continue
        inner = PurePosixPath(*parts)
        if any(parent in links for parent in (inner, *inner.parents)):
            raise damaged(what, f"an entry behind a link: {member.name[:120]!r}")
        place = folder.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        if member.isdir():
            place.mkdir(exist_ok=True)
        elif member.isfile():
            _write(members, member, place)
        elif member.issym() and _stays_inside(inner, member.linkname):
            place.symlink_to(member.linkname)
            links.add(inner)
        else:
            raise damaged(what, f"an entry that is no file, folder or inner link: {member.name[:120]!r}")


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    source = members.extractfile(member)
    if source is None:
        raise AssertionError("a regular file has content")
    with source, place.open("xb") as stream:
        shutil.copyfileobj(source, stream, 1024 * 1024)
    place.chmod(_MODES[0] if member.mode & 0o100 else _MODES[1])


def _stays_inside(link: PurePosixPath, target: str) -> bool:
    """Whether a link that stands at `link` leads to something below the one entry of the archive."""
    if target.startswith("/") or not target or "\0" in target:
        return False
    depth = len(link.parts) - 1
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else part != "."
        if depth < 1:
            return False
    return True


def damaged(what: str, reason: str) -> CallFailed:
    """The error for an object that is not what a task leaves."""
    return CallFailed(
        "E837",
        "an object in the bucket is damaged",
        outcome="refused",
        is_passing=False,
        where=what,
        got=reason,
        hint="run the task again: milonga retry, or a new run",
    )
