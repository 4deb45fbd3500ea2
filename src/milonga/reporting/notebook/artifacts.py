"""An artifact as a notebook shows it: drawn by kind where the report knows the kind, else what can be said of any."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from milonga.dsl.artifacts import Artifact
from milonga.lineage.records import ArtifactRecord, TaskRecord
from milonga.reporting.artifacts import RENDERERS, render
from milonga.reporting.artifacts.content import NotAvailable, View, content_path
from milonga.reporting.markup import definitions, digest_code, missing, text, value_code
from milonga.reporting.notebook.inlining import framed
from milonga.reporting.places import Places
from milonga.reporting.quantities import byte_size
from milonga.reporting.results import own_type

_FILES_MAX = 10_000
_FILES_SHOWN = 12
_PREVIEW_BYTES = 4096
_PREVIEW_LINES = 10
_LINE_CHARACTERS = 160
_OWN_METADATA = "milonga_type"


def artifact_html(artifact: Artifact) -> str:
    """An artifact in the author's hand."""
    metadata = dict(artifact.metadata)
    if type(artifact).__module__.partition(".")[0] != "milonga":
        metadata.setdefault(_OWN_METADATA, type(artifact).__name__)
    uri = artifact.uri or (str(artifact._path) if artifact._path is not None else "")
    return record_html(ArtifactRecord(artifact.name, artifact.SCHEMA_TITLE, uri, metadata=metadata))


def record_html(record: ArtifactRecord) -> str:
    """An artifact of a run."""
    name = f" <b>{text(record.name, 200)}</b>" if record.name else ""
    head = f'<div class="head"><span class="muted">{text(own_type(record), 200)}</span>{name}</div>'
    return framed(head, record_body(record))


def record_body(record: ArtifactRecord) -> str:
    """What is drawn of an artifact, in the report's markup."""
    renderer = RENDERERS.get(own_type(record)) or RENDERERS.get(record.type)
    if renderer is None:
        return _described(record)
    here = Path.cwd()
    task = TaskRecord(run_id="", path="", state="SUCCEEDED")
    drawn = render(renderer, View(record.name, record, task, Places(here, here)))
    return drawn or _described(record)


def _described(record: ArtifactRecord) -> str:
    here = Path.cwd()
    rows = [("address", Places(here, here).artifact(record.uri))]
    rows += [("digest", digest_code(record.digest))] if record.digest else []
    rows += [(name, value_code(value, 400)) for name, value in _own(record.metadata).items()]
    try:
        path = content_path(record)
        size, preview = _content(path) if path.exists() else (None, missing("its content is not there any more"))
    except NotAvailable as reason:
        size, preview = None, missing(str(reason))
    except (OSError, ValueError) as error:  # a name that is too long, or holds a null byte
        size, preview = None, missing(getattr(error, "strerror", None) or "its address is no path")
    rows += [("size", byte_size(size))] if size is not None else []
    return definitions(rows, css="border") + preview


def _own(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name != _OWN_METADATA}


def _content(path: Path) -> tuple[int, str]:
    """Size in bytes, and the first lines of a file or the files of a folder."""
    if path.is_dir():
        sizes = dict(_sizes(path))
        files = sorted(sizes)
        shown = "\n".join(f"{name}  {byte_size(sizes[name])}" for name in files[:_FILES_SHOWN])
        more = f"\n… {len(files) - _FILES_SHOWN} more files" if len(files) > _FILES_SHOWN else ""
        return sum(sizes.values()), f"<pre>{text(shown + more)}</pre>" if files else _said("an empty folder")
    with path.open("rb") as stream:
        start = stream.read(_PREVIEW_BYTES)
    return path.stat().st_size, _preview(start)


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    """Files below `folder` with their sizes, at most `_FILES_MAX`; links are not followed."""
    count = 0
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            yield path.relative_to(folder).as_posix(), path.lstat().st_size
            count += 1
            if count >= _FILES_MAX:
                return


def _said(words: str) -> str:
    return f'<p class="note">{words}</p>'


def _preview(start: bytes) -> str:
    if not start:
        return _said("an empty file")
    try:
        content = start.decode("utf-8")
    except UnicodeDecodeError as error:
        content = start[: error.start].decode("utf-8") if error.start > len(start) - 4 else ""
    if not content or "\0" in content:
        return _said("binary content")
    lines = [line if len(line) <= _LINE_CHARACTERS else line[:_LINE_CHARACTERS] + "…" for line in content.splitlines()]
    more = "\n…" if len(lines) > _PREVIEW_LINES or len(start) == _PREVIEW_BYTES else ""
    first = "\n".join(lines[:_PREVIEW_LINES])
    return f"<pre>{text(first + more)}</pre>"
