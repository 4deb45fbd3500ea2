"""The folders that a container sees: its attempt's, those of its inputs, and the volumes that its pod would have."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.engine.containers.command_line import Mount
from milonga.engine.containers.program import PodProgram, Volume
from milonga.engine.home import Home
from milonga.engine.workers.base import StepRequest
from milonga.runtime.placement import local_path

_WORKSPACE = "workspace"
_IN_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is there when the container starts.

    Attributes:
        mounts: the paths that it sees.
        passing: folders that are removed when it has ended; they may hold secrets.
        variables_file: a file for the engine's client, in one of those; None when it needs none.
    """

    mounts: tuple[Mount, ...]
    passing: tuple[Path, ...]
    variables_file: Path | None = None


def prepare_surroundings(request: StepRequest, program: PodProgram, home: Home, variables: str = "") -> Surroundings:
    """Make the folders that an attempt needs; its own folder exists.

    Every path is the same inside as outside, so that what a step says about a path is true for the engine as well.

    Args:
        request: the attempt.
        program: what it runs.
        home: the state folder.
        variables: text of a file that only the engine's client reads; "" is none.

    Raises:
        OSError: a folder cannot be made.
    """
    folder = request.folder
    _make_output_folders(request.executor_input, folder)
    if program.image_user.partition(":")[0] not in ("", "0", "root"):
        for path in (folder, folder / "outputs"):
            path.mkdir(exist_ok=True)
            path.chmod(0o777)  # the image's own user writes here, whoever that is
    mounts = [Mount(folder, str(folder))]
    run_folder = _run_folder(folder, home)
    if run_folder is not None and (run_folder / _WORKSPACE).is_dir():
        mounts.append(Mount(run_folder / _WORKSPACE, str(run_folder / _WORKSPACE)))
    mounts += [Mount(path, str(path), is_read_only=True) for path in _inputs(request.executor_input, home, folder)]
    passing: list[Path] = []
    for number, volume in enumerate(program.volumes):
        if not volume.is_in_memory:
            source = volume.source or _new_folder(volume, folder / "volumes" / str(number), program)
            source.mkdir(parents=True, exist_ok=True)
            mounts.append(Mount(source, volume.target, is_read_only=volume.files is not None))
            passing += [source] if volume.source is None else []
    variables_file: Path | None = None
    if variables:
        passing.append(_private_folder())
        variables_file = passing[-1] / "variables"
        _write_privately(variables_file, variables)
    return Surroundings(tuple(mounts), tuple(passing), variables_file)


def run_of(folder: Path, home: Home) -> str:
    """The id of the run that an attempt's folder belongs to; "" for a folder elsewhere."""
    found = _run_folder(folder, home)
    return found.name if found is not None else ""


def _run_folder(folder: Path, home: Home) -> Path | None:
    runs = home.root / "runs"
    return runs / folder.relative_to(runs).parts[0] if folder.is_relative_to(runs) and folder != runs else None


def _make_output_folders(executor_input: Mapping[str, Any], folder: Path) -> None:
    """As KFP's launcher does (`prepareOutputFolders`): a step writes to its outputs without making their folders.

    Only those in the attempt's own folder: nothing else of this machine is changed for the sake of a name.
    """
    outputs = executor_input.get("outputs") or {}
    paths = [Path(parameter["outputFile"]) for parameter in (outputs.get("parameters") or {}).values()]
    for listed in (outputs.get("artifacts") or {}).values():
        paths += [local_path(artifact) for artifact in listed.get("artifacts") or ()]
    for path in paths:
        if Path(os.path.normpath(path)).is_relative_to(folder):
            path.parent.mkdir(parents=True, exist_ok=True)


def _inputs(executor_input: Mapping[str, Any], home: Home, folder: Path) -> Iterator[Path]:
    """Paths of the input artifacts that exist here; one mount serves everything in the store."""
    seen: set[Path] = set()
    for listed in ((executor_input.get("inputs") or {}).get("artifacts") or {}).values():
        for artifact in listed.get("artifacts") or ():
            path = local_path(artifact)
            path = home.content if path.is_relative_to(home.content) else path
            if path.is_absolute() and path not in seen and path.exists() and path != folder:
                seen.add(path)
                yield path


def _new_folder(volume: Volume, ordinary: Path, program: PodProgram) -> Path:
    """A new folder for a volume; with content that must not be written to a disk, in memory where there is one."""
    if volume.files is None:
        ordinary.mkdir(parents=True)
        ordinary.chmod(0o777)
        return ordinary
    folder = _private_folder()
    is_ours = program.image_user.partition(":")[0] in ("", "0", "root")
    for name, content in volume.files.items():
        path = folder / name
        _write_privately(path, content)
        path.chmod(0o400 if is_ours else 0o444)
    folder.chmod(0o700 if is_ours else 0o755)
    return folder


def _private_folder() -> Path:
    """A new folder that nobody else may enter, in memory where there is a place for that."""
    return Path(tempfile.mkdtemp(prefix="milonga-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))


def _write_privately(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8", newline="")
