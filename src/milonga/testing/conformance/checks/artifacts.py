"""`output_artifacts`, and the artifacts of tasks: type, content, URI and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.matchers import ABSENT, difference, shown, subset_difference
from milonga.testing.conformance.observed import ObservedArtifact, ObservedValue


def output_artifacts_difference(expected: Any, context: CheckContext) -> str:
    """Root output artifacts by name."""
    return artifacts_difference(expected, context.run.output_artifacts, "output_artifacts")


def artifacts_difference(expected: Mapping[str, Any], actual: Mapping[str, ObservedValue], where: str) -> str:
    """The first of the expected artifacts that differs; others may be there."""
    for name, wanted in expected.items():
        found = _value_difference(wanted, actual.get(name), f"{where}.{name}")
        if found:
            return found
    return ""


def _value_difference(expected: Any, actual: ObservedValue | None, where: str) -> str:
    if actual is None:
        return f"{where}: expected {shown(expected)}, got no artifact"
    if isinstance(expected, list):
        if not isinstance(actual, tuple):
            return f"{where}: expected a list of {len(expected)} artifacts, got one artifact"
        if len(expected) != len(actual):
            return f"{where}: expected {len(expected)} artifacts, got {len(actual)}"
        pairs = enumerate(zip(expected, actual, strict=True))
        texts = (_value_difference(wanted, item, f"{where}[{index}]") for index, (wanted, item) in pairs)
        return next((text for text in texts if text), "")
    if isinstance(actual, tuple):
        return f"{where}: expected one artifact, got a list of {len(actual)}"
    return _artifact_difference(expected, actual, where)


def _artifact_difference(expected: Mapping[str, Any], actual: ObservedArtifact, where: str) -> str:
    texts = (
        difference(expected["type"], actual.type, f"{where}.type") if "type" in expected else "",
        difference(expected["uri"], actual.uri, f"{where}.uri") if "uri" in expected else "",
        difference(expected["text"], _text(actual.path), f"{where}.text") if "text" in expected else "",
        _files_difference(expected["files"], actual.path, f"{where}.files") if "files" in expected else "",
        subset_difference(expected.get("metadata") or {}, actual.metadata, f"{where}.metadata"),
    )
    return next((text for text in texts if text), "")


def _text(path: Path | None) -> Any:
    """The content of a file; undecodable bytes stay visible, and never equal a text."""
    return path.read_bytes().decode("utf-8", "backslashreplace") if path is not None and path.is_file() else ABSENT


def _files_difference(expected: Mapping[str, Any], folder: Path | None, where: str) -> str:
    if folder is None or not folder.is_dir():
        return f"{where}: expected a folder, got {'a file' if folder is not None else 'no content'}"
    texts = {str(path.relative_to(folder)): _text(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    return difference(expected, texts, where)
