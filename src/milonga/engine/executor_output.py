"""What a finished attempt reports: KFP's ExecutorOutput and the files beside it. It travels into pods as well."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.json_values import coerce, fits
from milonga.errors import TaskFailed

WITHOUT_RESULT = "the process ended with exit code 0 without a result"
"""Said of an attempt that promised outputs and left none (E416)."""


def read_result(path: Path) -> dict[str, Any]:
    """The JSON object that an attempt has left at `path`; an empty one when there is no file.

    Raises:
        TaskFailed: E416, there is something else: a container may write what it likes there.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe, say, would keep its reader waiting for ever
            raise OSError("no file")
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise TaskFailed("E416", "what the process left as its result cannot be read", where=str(path)) from error
    if not isinstance(value, dict):
        raise TaskFailed("E416", "what the process left as its result is no JSON object", where=str(path))
    return value


def reported_parameters(
    types: Mapping[str, str | None], output: Mapping[str, Any], files: Mapping[str, str]
) -> dict[str, Any]:
    """Output parameters of a successful attempt, each of its declared type; those that it did not make are left out.

    Args:
        types: declared parameter types by name.
        output: the ExecutorOutput.
        files: where the attempt may have left a parameter as text instead, by name.

    Raises:
        TaskFailed: E416, the report has another form; E418, an output has another type than its component declares.
    """
    values = _object(output, "parameterValues")
    _object(output, "artifacts")
    found: dict[str, Any] = {}
    for name, kind in types.items():
        value = values[name] if name in values else _from_file(Path(files[name]), name, kind)
        if value is None:
            continue
        value = coerce(value, kind)
        if not fits(value, kind):
            raise TaskFailed("E418", f"output '{name}' has the wrong type", got=repr(value)[:120], expected=kind or "")
        found[name] = value
    return found


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    if not isinstance(found, dict | None):
        raise _odd(key)
    return found or {}


def reported_artifacts(output: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """What an ExecutorOutput says about an output; nothing when it does not name it.

    Raises:
        TaskFailed: E416, it has another form.
    """
    found = _object(_object(output, "artifacts"), name).get("artifacts") or []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise _odd(name)
    for entry in found:
        texts = (entry.get(key) or "" for key in ("uri", "customPath", "custom_path"))
        objects = (entry.get(key) or {} for key in ("type", "metadata"))
        if not all(isinstance(text, str) for text in texts) or not all(isinstance(item, dict) for item in objects):
            raise _odd(name)
    return found


def completed(assigned: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """An artifact of a report; what it leaves out or empty is as it was assigned."""
    return {**assigned, **{key: value for key, value in entry.items() if value is not None and value != ""}}


def custom_path_of(entry: Mapping[str, Any]) -> str:
    """The path of its own that a report gives to an artifact, or ""; kfp's executor writes the second spelling."""
    return str(entry.get("customPath") or entry.get("custom_path") or "")


def own_path(path: Path, folder: Path) -> Path | None:
    """Where content that the attempt in `folder` has made truly is; None when that is elsewhere, or a link.

    Only what is its own moves into the store. `..`, and folders on the way that are links, lead to other people's.
    """
    if path.is_symlink():
        return None
    true, place = path.resolve(), folder.resolve()
    if true == place or not true.is_relative_to(place):
        return None
    return folder / true.relative_to(place)


def _odd(name: str) -> TaskFailed:
    return TaskFailed("E416", f"what the process left as its result has an odd form at '{name}'")


def _from_file(path: Path, name: str, kind: str | None) -> Any:
    try:
        text = _text_of(path)
    except OSError as error:
        raise TaskFailed("E416", f"the output '{name}' cannot be read: {error.strerror}", where=str(path)) from error
    return text if text is None or kind == "STRING" else coerce(text, kind)


def _text_of(path: Path) -> str | None:
    """The text of the file at `path`; None when there is none, or a folder or pipe instead.

    Raises:
        OSError: it cannot be read, or a link is there: the file that it names may be anybody's.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read().decode("utf-8", "replace")
