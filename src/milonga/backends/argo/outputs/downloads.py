"""The content of artifacts, on this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.looks import workflow_named
from milonga.backends.argo.storage.archives import damaged, unpacked
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.run_outputs import OutputArtifact, RunOutputs
from milonga.engine.home import safe_name
from milonga.errors import UsageError


def downloaded(connection: ArgoConnection, outputs: RunOutputs, folder: Path) -> dict[str, tuple[Path, ...]]:
    """Put the content of every artifact into `folder`, under the name of the output; lists become folders.

    Returns:
        Paths by output; nothing for one whose content was never stored in the bucket of the run.

    Raises:
        UsageError: E944, the folder holds something of that name, or cannot be written.
        CallFailed: E835-E837.
    """
    wanted = {name: outputs.of(name) for name in outputs.artifacts if any(item.key for item in outputs.of(name))}
    if not wanted:
        return {}
    taken = sorted(name for name in wanted if (folder / safe_name(name)).exists())
    if taken:
        raise _refused(folder, f"it has {', '.join(taken)} already")
    bucket = Bucket(repository_of(connection, workflow_named(connection, outputs.run_id)), connection.patience)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".milonga-", dir=folder))
    except OSError as error:
        raise _refused(folder, str(error.strerror or error)) from None
    try:
        made: dict[str, tuple[Path, ...]] = {}
        for number, name in enumerate(wanted):
            found = fetched(bucket, wanted[name], staging / str(number))
            if found:
                content = staging / str(number) if isinstance(outputs.artifacts[name], tuple) else found[0]
                made[name] = _moved(content, list(found.values()), folder / safe_name(name))
        return made
    except OSError as error:
        raise _refused(folder, str(error.strerror or error)) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def fetched(bucket: Bucket, items: Sequence[OutputArtifact], folder: Path) -> dict[int, Path]:
    """The content of artifacts in a new folder, each named by its place among `items`; each object is fetched once.

    Returns:
        Paths by that place; artifacts without content are left out.

    Raises:
        CallFailed: E836, E837.
    """
    folder.mkdir()
    found: dict[int, Path] = {}
    for key in dict.fromkeys(item.key for item in items if item.key):
        whole = folder / "whole"
        if not _fetch(bucket, key, whole):
            continue
        first: dict[int | None, Path] = {}
        for at, item in enumerate(items):
            if item.key != key:
                continue
            if item.position in first:
                found[at] = _copied(first[item.position], folder / str(at))
                continue
            entry = whole if item.position is None else _in_list(whole, item, bucket)
            if entry is not None:
                found[at] = first[item.position] = entry.rename(folder / str(at))
        if whole.exists():
            shutil.rmtree(whole)
    return dict(sorted(found.items()))


def _copied(content: Path, target: Path) -> Path:
    if content.is_dir() and not content.is_symlink():
        shutil.copytree(content, target, symlinks=True)
    else:
        shutil.copy2(content, target, follow_symlinks=False)
    return target


def _in_list(folder: Path, item: OutputArtifact, bucket: Bucket) -> Path | None:
    if not folder.is_dir():
        raise damaged(bucket.repository.uri(item.key), "a file where the folder of a list should be")
    entry = folder / str(item.position)
    return entry if entry.exists() or entry.is_symlink() else None


def _fetch(bucket: Bucket, key: str, place: Path) -> bool:
    packed = place.with_name(f".{place.name}.tar")
    if not key or not bucket.fetch(key, packed):
        return False
    unpacked(packed, place, bucket.repository.uri(key))
    packed.unlink()
    return True


def _moved(content: Path, inside: Sequence[Path], target: Path) -> tuple[Path, ...]:
    """What was staged, in its place; one rename an output."""
    content.rename(target)
    return tuple(target / path.relative_to(content) for path in inside)


def _refused(folder: Path, reason: str) -> UsageError:
    return UsageError(
        "E944",
        "the outputs cannot be put into this folder",
        where=str(folder),
        got=reason,
        hint="name an empty folder, or one that does not exist",
    )
