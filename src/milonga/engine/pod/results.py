"""What a step leaves behind, and how those who need it read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.executor_output import (
    completed,
    custom_path_of,
    read_result,
    reported_artifacts,
    reported_parameters,
)
from milonga.engine.pod.recipe import Recipe
from milonga.runtime.argo.layout import DONE_FILE, PARAMETERS, RECORD_FILE, REPORT_FILE


def read_record(folder: Path, recipe: Recipe) -> dict[str, Any] | None:
    """The record of a step, of whatever kind it was; None when it has not succeeded.

    Args:
        folder: its result.
        recipe: of the step that made it.

    Raises:
        TaskFailed: E416 or E418, a container has left something odd.
    """
    if (folder / RECORD_FILE).is_file():
        found: dict[str, Any] = json.loads((folder / RECORD_FILE).read_bytes())
        return found
    if not (folder / DONE_FILE).is_file():
        return None
    run, _, inputs = (folder / DONE_FILE).read_text("utf-8").partition(" ")
    report = read_result(folder / REPORT_FILE)
    return {
        "parameters": reported_parameters(
            {name: declared["type"] for name, declared in recipe.output_parameters.items()},
            report,
            {name: str(folder / PARAMETERS / item["slug"]) for name, item in recipe.output_parameters.items()},
        ),
        "artifacts": {
            name: {"list": declared["list"], "entries": _entries(report, name, declared)}
            for name, declared in recipe.output_artifacts.items()
        },
        "run": run,
        "inputs": inputs,
    }


def _entries(report: Mapping[str, Any], name: str, declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Artifacts of a container: what it reports, or what was expected of it. Whether there is content shows later."""
    assigned = assigned_artifact(name, declared, "")
    found = reported_artifacts(report, name) or [assigned]
    return [{**_kept(completed(assigned, entry)), "content": not custom_path_of(entry)} for entry in found]


def assigned_artifact(name: str, declared: Mapping[str, Any], uri: str) -> dict[str, Any]:
    """An output artifact before anything has been made of it."""
    kind = {"schemaTitle": declared["type"], "schemaVersion": declared["version"]}
    return {"name": name, "uri": uri, "type": kind, "metadata": dict(declared["metadata"])}


def _kept(entry: Mapping[str, Any]) -> dict[str, Any]:
    title = (entry.get("type") or {}).get("schemaTitle") or "system.Artifact"
    return {"name": entry["name"], "uri": entry.get("uri", ""), "type": title, "metadata": entry.get("metadata") or {}}
