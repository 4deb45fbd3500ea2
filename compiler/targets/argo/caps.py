"""What an API server takes: so many templates in one spec, so many tasks in one DAG, so many bytes in one object.

Source: the full definitions (CRDs) of Argo 3.7 to 4.1, and etcd's limit with its default settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from milonga.errors import UnsupportedByTarget

OBJECT_BYTES_MAX = 1_048_576
TEMPLATES_MAX = 200
TASKS_MAX = 200


def require_size(document: Mapping[str, Any], what: str, hint: str) -> None:
    """Check the size of an object.

    Raises:
        UnsupportedByTarget: E316, it is too large.
    """
    size_bytes = len(json.dumps(document))
    if size_bytes > OBJECT_BYTES_MAX:
        metadata = document["metadata"]
        raise UnsupportedByTarget(
            "E316",
            what,
            where=metadata.get("name") or metadata["generateName"],
            got=f"{size_bytes // 1000} kB",
            expected=f"at most {OBJECT_BYTES_MAX // 1000} kB",
            hint=hint,
        )


def require_tasks(templates: Sequence[Mapping[str, Any]]) -> None:
    """Check the number of tasks in each DAG.

    Raises:
        UnsupportedByTarget: E316, there are too many in one.
    """
    for template in templates:
        count = len(template.get("dag", {}).get("tasks", ()))
        if count > TASKS_MAX:
            raise UnsupportedByTarget(
                "E316",
                "too many tasks in one DAG",
                where=template["name"],
                got=f"{count} tasks",
                expected=f"at most {TASKS_MAX}",
                hint="put groups of them into pipelines of their own, or write them as a loop",
            )


def parts_of(
    templates: Sequence[Mapping[str, Any]], name: str, kind: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The templates of each object, with the object's name; the first is that of the pipeline itself.

    Args:
        templates: all of them; the entrypoint first.
        name: of the pipeline as an object.
        kind: WorkflowTemplate, ClusterWorkflowTemplate or Workflow.

    Raises:
        UnsupportedByTarget: E316, there are more than one Workflow may have.
    """
    if kind == "Workflow" and len(templates) > TEMPLATES_MAX:
        raise UnsupportedByTarget(
            "E316",
            "too many templates in one Workflow",
            where=name,
            got=f"{len(templates)} templates",
            expected=f"at most {TEMPLATES_MAX}",
            hint="compile for the target argo, whose templates may lie in several objects",
        )
    places = {
        template["name"]: name if at < TEMPLATES_MAX else f"{name}-{at // TEMPLATES_MAX + 1}"
        for at, template in enumerate(templates)
    }
    for part in dict.fromkeys(places.values()):
        yield part, [_called(template, places, kind) for template in templates if places[template["name"]] == part]


def _called(template: Mapping[str, Any], places: Mapping[str, str], kind: str) -> dict[str, Any]:
    """A template whose tasks call those of other objects by the names of these."""
    if "dag" not in template:
        return dict(template)
    own = places[template["name"]]
    tasks = []
    for task in template["dag"]["tasks"]:
        if places[task["template"]] == own:
            tasks.append(task)
            continue
        reference = {"name": places[task["template"]], "template": task["template"]}
        scope = {"clusterScope": True} if kind == "ClusterWorkflowTemplate" else {}
        rest = {key: value for key, value in task.items() if key != "template"}
        tasks.append({**rest, "templateRef": {**reference, **scope}})
    return {**template, "dag": {**template["dag"], "tasks": tasks}}
