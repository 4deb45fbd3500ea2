"""What an API server takes: so many templates in one spec, so many tasks in one DAG, so many bytes in one object.

Source: the full definitions (CRDs) of Argo 3.7 to 4.1, etcd's limit with its default settings, and the same limit that
the controller sets itself for a Workflow (MAX_WORKFLOW_SIZE).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from milonga.errors import UnsupportedByTarget

OBJECT_BYTES_MAX = 1_048_576
TEMPLATES_MAX = 200
TASKS_MAX = 200

TEMPLATE_BYTES = 200
"""What the controller adds to a template that it keeps: a key of three names, and the empty fields of its own types."""

NODE_BYTES = 150
"""What a node takes when the controller has packed all of them: 90 to 155 on recorded runs of 6 to 20 nodes."""

RUN_BYTES = 65_536
"""Kept free for what is known when it runs: arguments, labels, and 400 nodes of iterations and further attempts."""


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


def require_run_size(specs: Sequence[Mapping[str, Any]], name: str) -> None:
    """Check what a Workflow holds while it runs: the controller ends it as soon as that is more than an object may be.

    It keeps a copy of the pipeline's own specification, and one of each template that is called across objects, with
    what such a template calls. When the whole gets too large it packs the nodes, and nothing else. The ConfigMaps are
    objects of their own, which a run only names.

    Args:
        specs: of all objects of the pipeline; that of the pipeline itself is the last.
        name: of the pipeline as an object.

    Raises:
        UnsupportedByTarget: E316, it is too large.
    """
    templates = {template["name"]: template for spec in specs for template in spec["templates"]}
    copied = [*specs[-1]["templates"], *_called_across(templates)]
    called = [templates[_callee(task)] for template in templates.values() for task in _tasks(template)]
    nodes = len(called) + sum("retryStrategy" in template for template in called)  # one around the attempts
    rest = {key: value for key, value in specs[-1].items() if key != "templates"}
    kept_bytes = _written_bytes(rest) + sum(_written_bytes(template) + TEMPLATE_BYTES for template in copied)
    size_bytes = kept_bytes + NODE_BYTES * nodes + RUN_BYTES
    if size_bytes > OBJECT_BYTES_MAX:
        raise UnsupportedByTarget(
            "E316",
            "the pipeline is too large for one run",
            where=name,
            got=f"{size_bytes // 1000} kB: {kept_bytes // 1000} kB of templates, and room for {nodes} nodes and more",
            expected=f"at most {OBJECT_BYTES_MAX // 1000} kB",
            hint="write tasks that are alike as a loop, or make several pipelines of it",
        )


def _called_across(templates: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The templates that some other object calls, and those that these call."""
    calls = (task for template in templates.values() for task in _tasks(template))
    waiting = [_callee(task) for task in calls if "templateRef" in task]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += map(_callee, _tasks(templates[name]))
    return [templates[name] for name in sorted(found)]


def _tasks(template: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tasks: Sequence[Mapping[str, Any]] = template.get("dag", {}).get("tasks", ())
    return tasks


def _callee(task: Mapping[str, Any]) -> str:
    """The name of a task's template, wherever that lies."""
    return str(task.get("templateRef", task)["template"])


def _written_bytes(value: Mapping[str, Any]) -> int:
    """The size of a value as the controller writes it: UTF-8, but six bytes for each of `<`, `>` and `&`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass")) + 5 * sum(map(text.count, "<>&"))


def require_tasks(templates: Sequence[Mapping[str, Any]]) -> None:
    """Check the number of tasks in each DAG.

    Raises:
        UnsupportedByTarget: E316, there are too many in one.
    """
    for template in templates:
        count = len(_tasks(template))
        if count > TASKS_MAX:
            raise UnsupportedByTarget(
                "E316",
                "too many tasks in one DAG",
                where=template["name"],
                got=f"{count} tasks",
                expected=f"at most {TASKS_MAX}",
                hint="put groups into pipelines of their own, write them as a loop, or let them share pods (`--fuse`)",
            )


def parts_of(
    templates: Sequence[Mapping[str, Any]], name: str, kind: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The templates of each object, with the object's name; the first is that of the pipeline itself.

    The others have a dot in their names, which the object of no pipeline has.

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
        template["name"]: name if at < TEMPLATES_MAX else f"{name}.{at // TEMPLATES_MAX + 1}"
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
