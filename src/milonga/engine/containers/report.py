"""What a container may say about its outputs, and what may lie in their places.

It wrote all of that itself, and the engine reads it with the rights of the user: a path that leaves the attempt's
folder, by `..` or by a link, would be a file of this machine that the container could never see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.executor_output import completed, custom_path_of, read_result, reported_artifacts
from milonga.engine.workers.base import OUTPUT_FILE, StepRequest
from milonga.errors import TaskFailed
from milonga.runtime.placement import local_path

_REMOTE = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]*://")


def checked_report(request: StepRequest) -> dict[str, Any]:
    """The report of a container that has ended, with nothing in it that its outputs cannot be.

    Its outputs are at the places that it was given, elsewhere in the folder of its outputs, in an input, or remote.

    Raises:
        TaskFailed: E416, it names another place, or a link stands where an output belongs.
    """
    outputs = request.executor_input.get("outputs") or {}
    for name, parameter in (outputs.get("parameters") or {}).items():
        _require_plain(name, parameter["outputFile"], request.folder, request.folder)
    report = read_result(request.folder / OUTPUT_FILE)
    for name, listed in (outputs.get("artifacts") or {}).items():
        assigned = listed["artifacts"][0]
        for entry in reported_artifacts(report, name) or [{}]:
            _require_own(name, completed(assigned, entry), request)
    return report


def _require_own(name: str, entry: Mapping[str, Any], request: StepRequest) -> None:
    custom = custom_path_of(entry)
    if custom:
        _require_plain(name, custom, request.folder, request.folder)
    uri = str(entry["uri"])
    inputs = _inputs(request)
    if uri in inputs or (_REMOTE.match(uri) and ".." not in uri.split("/")):
        return
    path = str(local_path({"uri": uri}))
    if not any(_is_in(path, str(local_path({"uri": each}))) for each in inputs):
        _require_plain(name, path, request.folder / "outputs", request.folder)


def _inputs(request: StepRequest) -> list[str]:
    listed = ((request.executor_input.get("inputs") or {}).get("artifacts") or {}).values()
    return [str(artifact.get("uri") or "") for each in listed for artifact in each.get("artifacts") or ()]


def _is_in(path: str, place: str) -> bool:
    """Whether `path` is a part of the input at `place`, by where both truly are."""
    try:
        return Path(place).is_absolute() and Path(path).resolve(strict=True).is_relative_to(
            Path(place).resolve(strict=True)
        )
    except (OSError, RuntimeError, ValueError):
        return False


def _require_plain(name: str, text: str, place: Path, folder: Path) -> None:
    """That a path stands below `place`, and no link on the way to it from `folder`."""
    path = Path(text)
    if ".." in path.parts or "\0" in text or path == place or not path.is_relative_to(place):
        raise TaskFailed(
            "E416",
            f"the container says that its output '{name}' is at a place that is not its own",
            got=text[:500],
            expected=f"a path below {place}, an input or a remote address",
        )
    parts = path.relative_to(folder).parts
    for end in range(1, len(parts) + 1):
        if folder.joinpath(*parts[:end]).is_symlink():
            raise TaskFailed(
                "E416",
                f"the container left a link where its output '{name}' belongs",
                where=str(folder.joinpath(*parts[:end])),
                hint="write the content there itself; a link means something else outside of the container",
            )
