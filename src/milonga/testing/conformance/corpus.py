"""A corpus: pipeline files, the arguments of their cases, and what must come out."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milonga.errors import UsageError
from milonga.testing.conformance.case_form import require_form
from milonga.testing.conformance.checks import CHECKS
from milonga.testing.conformance.forms import TEXT, Misformed, anything, each, record
from milonga.testing.conformance.matchers import shown

EXPECTED_FILE = "expected.json"
INDEX_FILE = "index.json"

_FILE_FORM = record(
    {"cases": each(anything)},
    {"source_path": TEXT, "packages": each(TEXT), "requires": each(TEXT), "notes": anything},
)


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a file, and what it must do.

    Attributes:
        id: unique in its file.
        arguments, artifact_arguments, secrets: what the run gets, placeholders not yet filled in.
        expectations: by key, in the order in which they are checked; each key has a check.
    """

    id: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    artifact_arguments: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expectations: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """One file of a corpus.

    Attributes:
        file: relative to the corpus.
        cases: its runs; none when it cannot be run here.
        packages: requirements of its components.
        requires: what the back end must provide.
        exclusive: why it may not run beside others; "" when it may.
        rejected_because: why it must be refused; "" when it is valid.
        not_runnable_because: why it has no cases; "" when it has.
    """

    file: str
    cases: tuple[Case, ...] = ()
    packages: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    exclusive: str = ""
    rejected_because: str = ""
    not_runnable_because: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder of pipeline files with their cases."""

    folder: Path
    files: tuple[PipelineFile, ...]


def load_corpus(folder: Path) -> Corpus:
    """Read and check a corpus.

    Args:
        folder: holds `expected.json`, and `index.json` if there is more to say than what must come out.

    Raises:
        UsageError: E916, the folder is no corpus, or a key in it has no meaning: what is not understood is not passed.
    """
    expected = _object(_read(folder / EXPECTED_FILE).get("files"), "files", folder / EXPECTED_FILE)
    index_path = folder / INDEX_FILE
    entries = _read(index_path).get("files") if index_path.is_file() else []
    if not isinstance(entries, list) or not all(
        isinstance(item, dict) and isinstance(item.get("file"), str) for item in entries
    ):
        raise _wrong("'files' must be a list of objects with a 'file'", index_path)
    index: dict[str, Mapping[str, Any]] = {entry["file"]: entry for entry in entries}
    names = [*expected, *(name for name in index if name not in expected)]
    files = tuple(_file(name, expected.get(name), index.get(name, {}), folder) for name in names)
    absent = [item.file for item in files if not (folder / item.file).is_file()]
    if absent:
        raise _wrong("a file of the corpus does not exist", folder / absent[0])
    return Corpus(folder, files)


def is_selected(only: tuple[str, ...], file: str, case: str) -> bool:
    """Whether one of the patterns fits "file", "file::case" or the file's name. No pattern selects everything."""
    names = (file, f"{file}::{case}", Path(file).name, Path(file).stem)
    return not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only for name in names)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _wrong(f"it cannot be read: {error.strerror}", path) from None
    except (ValueError, RecursionError) as error:
        raise _wrong(f"it is no JSON: {error}", path) from None
    return _object(document, "the document", path)


def _file(name: str, expected: Any, index: Mapping[str, Any], folder: Path) -> PipelineFile:
    exclusive = str(index.get("exclusive") or "")
    if expected is None:
        if index.get("must_be_rejected"):
            return PipelineFile(name, rejected_because=str(index.get("why") or "it is invalid"))
        reason = str(index.get("reason_not_runnable") or "the corpus has no case for it")
        return PipelineFile(name, exclusive=exclusive, not_runnable_because=reason)
    path = folder / EXPECTED_FILE
    try:
        _FILE_FORM(expected, name)
        for number, case in enumerate(expected["cases"]):
            label = case.get("id", number) if isinstance(case, dict) else number
            require_form(case, f"{name}::{label}")
    except Misformed as error:
        raise UsageError(
            "E916",
            f"the corpus is wrong: {error.message}",
            where=f"{path}: {error.place}",
            got=shown(error.got),
            expected=error.expected,
        ) from None
    read = tuple(_case(case) for case in expected["cases"])
    if not read:
        raise _wrong(f"'{name}' has no cases", path)
    if len({case.id for case in read}) < len(read):
        raise _wrong(f"'{name}' has two cases of one id", path)
    return PipelineFile(
        name,
        read,
        packages=tuple(expected.get("packages") or ()),
        requires=tuple(expected.get("requires") or ()),
        exclusive=exclusive,
    )


def _case(case: Mapping[str, Any]) -> Case:
    return Case(
        id=case["id"],
        arguments=case.get("arguments", {}),
        artifact_arguments=case.get("artifact_arguments", {}),
        secrets=case.get("secrets", {}),
        expectations={key: case[key] for key in CHECKS if key in case},
    )


def _object(value: Any, what: str, path: Path) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"{what} must be an object", path)
    return value


def _wrong(message: str, path: Path) -> UsageError:
    return UsageError("E916", f"the corpus is wrong: {message}", where=str(path))
