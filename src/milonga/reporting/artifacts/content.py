"""Reading what steps made. Files may be gone, elsewhere, damaged or huge; nothing here trusts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.lineage.records import ArtifactRecord, TaskRecord
from milonga.reporting.markup import text
from milonga.reporting.places import Places, local_path
from milonga.reporting.quantities import as_number, byte_size, number

_JSON_MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class View:
    """An artifact with what a renderer may want to know around it."""

    name: str
    record: ArtifactRecord
    task: TaskRecord
    places: Places


class NotAvailable(Exception):
    """Content that cannot be shown, and why. No `MilongaError`: it ends as a sentence on the page."""


def read_text(record: ArtifactRecord, *, member: str = "", max_bytes: int = _JSON_MAX_BYTES) -> str:
    """The text of a single-file artifact, or of the file `member` of a folder.

    Raises:
        NotAvailable: it is not here, not text, or larger than `max_bytes`.
    """
    path = content_path(record)
    path = path / member if member else path
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise NotAvailable(f"'{path.name}' is no file")
        if size > max_bytes:
            raise NotAvailable(f"{byte_size(size)}, more than the {byte_size(max_bytes)} that a page shows")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotAvailable(f"'{member or path.name}' is not there any more") from None
    except UnicodeDecodeError:
        raise NotAvailable(f"'{member or path.name}' is not UTF-8 text") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise NotAvailable(getattr(error, "strerror", None) or "its address is no path") from None


def content_path(record: ArtifactRecord) -> Path:
    """Where an artifact's content is on this machine.

    Raises:
        NotAvailable: it is on another machine.
    """
    path = local_path(record.uri)
    if path is None:
        raise NotAvailable(f"its content is not on this machine: {record.uri[:200]}" if record.uri else "no address")
    return path


def read_object(record: ArtifactRecord, *, member: str = "", format: str) -> Mapping[str, Any]:
    """The JSON object of an artifact, of the form that `format` names.

    Raises:
        NotAvailable: it is not there, no JSON object, or of another form.
    """
    try:
        value = json.loads(read_text(record, member=member))
    except (ValueError, RecursionError):
        raise NotAvailable(f"'{member or record.name}' is not JSON") from None
    if not isinstance(value, dict):
        raise NotAvailable(f"'{member or record.name}' is no JSON object")
    if value.get("format") != format:
        raise NotAvailable(f"'{member or record.name}' is of format {str(value.get('format'))[:60]}, not {format}")
    return value


def objects(value: object) -> list[Mapping[str, Any]]:
    """The JSON objects of a list; whatever else is there is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def cell(value: object, *, unit: str = "") -> str:
    """A number, text or nothing, as a table shows it."""
    if value is None or value == "":
        return '<span class="muted">—</span>'
    if isinstance(value, (int, float)):
        return f"{number(value)}{f' {unit}' if unit else ''}"
    return text(value, 300)


def size_cell(value: object) -> str:
    """A size in bytes, as a table shows it."""
    size = as_number(value)
    return byte_size(size) if size is not None else cell(None)


def status_cell(row: Mapping[str, Any]) -> str:
    """`status` with its colour, and `reason` below it."""
    status = str(row.get("status", ""))
    look = {"measured": "succeeded", "failed": "failed"}.get(status, "skipped")
    reason = f'<span class="where">{text(row["reason"], 300)}</span>' if row.get("reason") else ""
    return f'<span class="status s-{look}">{text(status or "unknown", 60)}</span>{reason}'


def chosen_mark(is_chosen: bool) -> str:
    """A word and a sign for the row that was chosen."""
    return '<strong class="chosen">★ chosen</strong>' if is_chosen else ""
