"""A pipeline of several WorkflowTemplates: the one of its own name is replaced in one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import VERSION, Bundle
from milonga.backends.argo.installation import installed, installed_for_run
from milonga.backends.argo.layout.layout import Layout


def bundle_of(name: str, image: str) -> Bundle:
    """A pipeline in two objects, as the compiler writes it."""
    labels = {"app.kubernetes.io/managed-by": "milonga", "milonga.dev/pipeline": "large"}
    call = {"name": "step", "templateRef": {"name": f"{name}.2", "template": "step"}}
    main = {"templates": [{"name": "main", "dag": {"tasks": [call]}}]}
    further = {"templates": [{"name": "step", "container": {"image": image}}]}
    return Bundle((), _template(name, labels, main), Layout(), (_template(f"{name}.2", labels, further),))


def _template(name: str, labels: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
    kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate"}
    return {**kind, "metadata": {"name": name, "labels": labels}, "spec": spec}


def called(template: dict[str, Any]) -> Iterator[str]:
    for item in template["spec"]["templates"]:
        yield from (task["templateRef"]["name"] for task in item.get("dag", {}).get("tasks", ()))


def test_the_newest_template_calls_parts_that_nobody_replaces(argo, server) -> None:
    connection: ArgoConnection = argo()._connection
    for image in ("a", "b"):
        installed(connection, bundle_of("large", image))
    found = {item["metadata"]["name"]: item for item in server.all("workflowtemplates")}
    (part,) = called(found["large"])
    assert found[part]["spec"]["templates"][0]["container"] == {"image": "b"} and len(found) == 3
    assert part.startswith("large.2-") and part.endswith(found[part]["metadata"]["labels"][VERSION])
    assert VERSION not in found["large"]["metadata"]["labels"]


def test_parts_of_a_pipeline_with_the_longest_name_have_names_of_their_own(argo, server) -> None:
    connection: ArgoConnection = argo()._connection
    name, _ = installed_for_run(connection, bundle_of("x" * 52, "a"))
    names = {item["metadata"]["name"] for item in server.all("workflowtemplates")}
    assert name in names and len(names) == 2 and all(len(item) <= 63 for item in names)
