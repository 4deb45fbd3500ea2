"""The content of artifacts, on this machine."""

from __future__ import annotations

import shutil
import tempfile
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
            (staging / str(number)).mkdir()
            made[name] = fetched(bucket, outputs, name, staging / str(number))
        return {name: _moved(paths, staging, folder) for name, paths in made.items() if paths}
    except OSError as error:
        raise _refused(folder, str(error.strerror or error)) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def fetched(bucket: Bucket, outputs: RunOutputs, name: str, folder: Path) -> tuple[Path, ...]:
    """The content of one output below `folder`, which nobody else uses; artifacts without content are left out.

    Raises:
        CallFailed: E836, E837.
    """
    value = outputs.artifacts[name]
    place = folder / safe_name(name)
    if isinstance(value, OutputArtifact):
        return (place,) if _fetch(bucket, value.key, place) else ()
    place.mkdir()
    if value and all(item.key == value[0].key for item in value) and value[0].position is not None:
        inside = place / "list"
        if not _fetch(bucket, value[0].key, inside):
            return ()
        found = [_in_list(inside, item, bucket) for item in value]
        moved = tuple(entry.rename(place / str(at)) for at, entry in enumerate(found) if entry is not None)
        shutil.rmtree(inside, ignore_errors=True)
        return moved
    return tuple(place / str(at) for at, item in enumerate(value) if item.key and _entry(bucket, item, place / str(at)))


def _entry(bucket: Bucket, item: OutputArtifact, place: Path) -> bool:
    """One entry of a list that several tasks have made."""
    if item.position is None:
        return _fetch(bucket, item.key, place)
    whole = place.with_name(f".{place.name}.whole")
    if not _fetch(bucket, item.key, whole):
        return False
    entry = _in_list(whole, item, bucket)
    if entry is not None:
        entry.rename(place)
    shutil.rmtree(whole, ignore_errors=True)
    return entry is not None


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


def _moved(paths: tuple[Path, ...], staging: Path, folder: Path) -> tuple[Path, ...]:
    """What was staged, in its place; one rename an output."""
    number, name = paths[0].relative_to(staging).parts[:2]
    (staging / number / name).rename(folder / name)
    return tuple(folder / path.relative_to(staging / number) for path in paths)


def _refused(folder: Path, reason: str) -> UsageError:
    return UsageError(
        "E944",
        "the outputs cannot be put into this folder",
        where=str(folder),
        got=reason,
        hint="name an empty folder, or one that does not exist",
    )
