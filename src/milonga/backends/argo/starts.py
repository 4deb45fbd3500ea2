"""Starting a run, exactly once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.marks import RUN_NAME, TITLE
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.attempts import made_by_name
from milonga.backends.call_failed import CallFailed
from milonga.backends.submit_request import SubmitRequest
from milonga.errors import UsageError
from milonga.runtime.argo.layout import REUSE_PARAMETER
from milonga.runtime.argo.text import escaped_json

_NAME_MAX = 63
VALUE_CHARACTERS_MAX = 120_000
"""Linux takes at most 128 KiB in one argument of a program (MAX_ARG_STRLEN)."""

_RANDOM = "bcdfghjklmnpqrstvwxz2456789"
"""As Kubernetes makes random endings: no vowels, so no words."""
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_NOT_OURS_TO_SET = ("milonga.dev/", "workflows.argoproj.io/", "app.kubernetes.io/managed-by")


def started(connection: ArgoConnection, bundle: Bundle, template: str, request: SubmitRequest, name: str) -> str:
    """Start a run of an installed pipeline.

    The name of the Workflow is chosen here, so a request that is sent again starts nothing.

    Args:
        connection: the namespace.
        bundle: the pipeline.
        template: the name of the template that the run refers to.
        request: its arguments and labels.
        name: what people call the run.

    Returns:
        The name of the Workflow.

    Raises:
        CallFailed: E800-E809, E831, E832.
    """
    body = new_workflow(bundle, template, request, name, connection.settings.service_account)
    id = body["metadata"]["name"]

    def find() -> dict[str, Any] | None:
        try:
            return connection.ask("GET", WORKFLOWS, id)
        except CallFailed as failure:
            if failure.status == 404:
                return None
            raise

    made_by_name(lambda: connection.ask("POST", WORKFLOWS, body=body), find, connection.patience, f"run '{id}'")
    return str(id)


def new_workflow(
    bundle: Bundle, template: str, request: SubmitRequest, name: str, service_account: str
) -> dict[str, Any]:
    """The Workflow of a run, with a name that no other has."""
    parameters = parameters_of(bundle, request)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": new_name(bundle.name),
            "labels": {**request.labels, **bundle.labels},
            "annotations": {**bundle.annotations, RUN_NAME: name, TITLE: _title(name)},
        },
        "spec": {
            "workflowTemplateRef": {"name": template},
            **({"serviceAccountName": service_account} if service_account else {}),
            **({"arguments": {"parameters": parameters}} if parameters else {}),
        },
    }


def parameters_of(bundle: Bundle, request: SubmitRequest) -> list[dict[str, str]]:
    """What a request says, as the parameters of a Workflow; its artifacts have become values before."""
    found = workflow_parameters(bundle, request.parameters)
    return found if request.use_cache else [*found, {"name": REUSE_PARAMETER, "value": "no"}]


def workflow_parameters(bundle: Bundle, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Arguments as the parameters of a Workflow: JSON that Argo's templates leave alone."""
    names = bundle.layout.inputs
    made = [{"name": names.get(key, key), "value": escaped_json(value)} for key, value in values.items()]
    for item in made:
        if len(item["value"]) > VALUE_CHARACTERS_MAX:
            raise UsageError(
                "E949",
                f"the value of '{item['name']}' is too large for an argument of a pod",
                got=f"{len(item['value'])} characters of JSON",
                expected=f"at most {VALUE_CHARACTERS_MAX}",
                hint="put it into a bucket, and let a step of the pipeline read it from there",
            )
    return made


def new_name(template: str) -> str:
    """A name of a Workflow: that of its template, cut where it must be, and a random ending."""
    ending = "-" + "".join(secrets.choice(_RANDOM) for _ in range(8))
    return template[: _NAME_MAX - len(ending)].rstrip("-.") + ending


def _title(name: str) -> str:
    """Argo's pages replace templates and read Markdown in a title."""
    return re.sub(r"[^\w .:/+-]", " ", name)[:200]


def require_possible(request: SubmitRequest) -> None:
    """Check what a cluster would refuse.

    Raises:
        UsageError: E933, a label that Kubernetes does not take.
    """
    for key, value in request.labels.items():
        if not _LABEL_KEY.fullmatch(key) or key.startswith(_NOT_OURS_TO_SET):
            raise UsageError(
                "E933",
                "this is no name of a label",
                got=repr(key[:120]),
                expected="[prefix/]name of letters, digits, -, _ and ., not one of milonga's or Argo's own",
            )
        if not _LABEL_VALUE.fullmatch(value):
            raise UsageError(
                "E933",
                f"this is no value of the label '{key}'",
                got=repr(value[:120]),
                expected="at most 63 letters, digits, -, _ and ., a letter or digit at both ends",
            )
