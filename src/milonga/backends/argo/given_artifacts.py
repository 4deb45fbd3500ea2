"""Input artifacts of a pipeline: by URI, or as small files that travel inside the arguments of the run."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

from milonga.backends.argo.starts import VALUE_CHARACTERS_MAX
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.graph import Graph
from milonga.compiler.graph.component import schema_title
from milonga.errors import UsageError

_FRAME_CHARACTERS = 400
"""More than the JSON around the content of a file has."""
FILE_BYTES_MAX = (VALUE_CHARACTERS_MAX - _FRAME_CHARACTERS) // 4 * 3


def with_artifacts(graph: Graph, request: SubmitRequest) -> SubmitRequest:
    """A request whose artifacts have become values as pods read them. Files are read here and never again.

    Args:
        graph: the pipeline, which knows the types of its inputs.
        request: its artifacts are URIs ("scheme://..."), or paths of files of this machine.

    Raises:
        UsageError: E904 no such file, E959 it is a folder, too large, or cannot be read.
    """
    declared = graph.root.input_artifacts
    titles = {
        name: schema_title(declared[name].artifact_type) if name in declared else "" for name in request.artifacts
    }
    given = {name: _value(name, titles[name], text) for name, text in request.artifacts.items()}
    return replace(request, parameters={**request.parameters, **given}, artifacts={})


def _value(name: str, title: str, text: str) -> dict[str, Any]:
    kind = {"type": title} if title else {}
    if "://" in text and not text.startswith("file://"):
        return {**kind, "uri": text}
    content = _content(name, Path(text.removeprefix("file://")).absolute())
    return {**kind, "content": base64.b64encode(content).decode("ascii")}


def _content(name: str, path: Path) -> bytes:
    try:
        if not path.exists():
            raise UsageError("E904", f"input '{name}' is a path that does not exist", got=str(path))
        if not path.is_file():
            raise _not_taken(name, path, "is no file, and a run on Argo can be given no folder")
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        size_bytes = path.stat().st_size
    except OSError as error:
        raise _not_taken(name, path, "is a file that cannot be read", got=error.strerror or "") from None
    if len(content) > FILE_BYTES_MAX:
        raise _not_taken(name, path, "is a file that is too large to be an argument", got=f"{size_bytes} bytes")
    return content


def _not_taken(name: str, path: Path, why: str, *, got: str = "") -> UsageError:
    return UsageError(
        "E959",
        f"input '{name}' {why}",
        where=str(path),
        got=got,
        expected=f"a file of at most {FILE_BYTES_MAX} bytes: an argument of a pod holds 128 KiB",
        hint="upload it, and give its URI, such as s3://bucket/key",
    )
