"""`milonga check --schemas cluster`: what a cluster itself says about its kinds is what a pipeline is held against."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer
from recording_server import Answer

from milonga.cli.main import run_command_line

FLOW = """
from milonga import component, pipeline

@component
def double(number: int) -> int:
    return 2 * number

@pipeline
def numbers(number: int = 1) -> int:
    return double(number)
"""
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CLOSED = {"type": "object", "properties": {"entrypoint": {"type": "string"}}}
FULL = {**CLOSED, **OPEN}

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """`milonga check` of a sound pipeline: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "flow.py").write_text(FLOW, "utf-8")

    def run(schemas: str, target: str = "argo") -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run_command_line(["check", "flow.py", "--target", target, "--schemas", schemas])
        return code, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def defined(server: ApiServer, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets a cluster, which the kubeconfig names, define a kind."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    def define(kind: str, spec: dict[str, Any]) -> None:
        name = f"{kind.lower()}s.argoproj.io"
        schema = {"type": "object", "properties": {"metadata": {"type": "object"}, "spec": spec}}
        server.objects[f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"] = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": name},
            "spec": {
                "group": "argoproj.io",
                "names": {"kind": kind, "plural": f"{kind.lower()}s"},
                "versions": [{"name": "v1alpha1", "schema": {"openAPIV3Schema": schema}}],
            },
        }

    return define


def test_a_field_that_the_cluster_does_not_know_is_a_finding(check: Check, defined: Callable[..., None]) -> None:
    defined("WorkflowTemplate", CLOSED)
    code, out, err = check("cluster")
    assert code == 1 and "spec.templates" in out and "E323" in out
    assert "definitions of http://127.0.0.1:" in err and ": WorkflowTemplate\n" in err


@pytest.mark.parametrize(
    ("target", "kind"),
    [("argo", "WorkflowTemplate"), ("argo-workflow", "Workflow"), ("argo-cluster", "ClusterWorkflowTemplate")],
)
def test_the_kind_that_the_target_makes_is_the_one_that_is_read(
    check: Check, defined: Callable[..., None], server: ApiServer, target: str, kind: str
) -> None:
    defined(kind, FULL)
    code, out, _ = check("cluster", target)
    assert code == 0, out
    (request,) = server.requests
    assert request.method == "GET" and request.path.endswith(f"/customresourcedefinitions/{kind.lower()}s.argoproj.io")
    assert request.headers["authorization"] == "Bearer the-token-of-u"


def test_minimal_definitions_are_no_help_and_that_is_said(check: Check, defined: Callable[..., None]) -> None:
    defined("WorkflowTemplate", OPEN)
    code, _, err = check("cluster")
    assert code == 0 and "WorkflowTemplate (its fields are not in it)" in err


def test_a_context_of_the_kubeconfig_can_be_named(check: Check, defined: Callable[..., None]) -> None:
    defined("WorkflowTemplate", OPEN)
    assert check("cluster:there")[0] == 0
    code, _, err = check("cluster:nowhere")
    assert code == 2 and "error E934:" in err and "nowhere" in err
    code, _, err = check("cluster:")
    assert code == 2 and "error E933:" in err


def test_a_folder_that_is_called_cluster_is_written_as_a_path(check: Check, tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    code, out, err = check("./cluster")
    assert code == 1 and "E322" in out + err, "it holds no definitions, and nobody was asked for them"
    assert check("no-folder")[0] == 2 and check("")[0] == 2


def test_who_may_not_read_definitions_is_told_which_right_is_missing(
    check: Check, defined: Callable[..., None], server: ApiServer
) -> None:
    server.fail("customresourcedefinitions", answer=Answer(403, {"message": "u cannot get resource"}))
    code, out, err = check("cluster")
    assert (code, out) == (3, "") and "error E357:" in err and "u cannot get resource" in err
    assert "kubectl get crd -o yaml" in err and "the-token-of-u" not in err


def test_a_cluster_without_the_kind_is_told_apart(check: Check, defined: Callable[..., None]) -> None:
    defined("Workflow", OPEN)
    code, _, err = check("cluster")
    assert code == 3 and "error E358: the cluster has no definition of the kind WorkflowTemplate" in err


def test_a_cluster_that_fails_for_a_moment_is_asked_again(
    check: Check, defined: Callable[..., None], server: ApiServer
) -> None:
    defined("WorkflowTemplate", OPEN)
    server.fail("customresourcedefinitions", answer=Answer(503, {"message": "soon"}))
    assert check("cluster")[0] == 0
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(401, {"message": "Unauthorized"}), "E801"),
        (Answer(200, "<html>"), "E808"),
        (Answer(200, {"kind": "Status"}), "E808"),
    ],
)
def test_answers_that_help_nobody_are_one_clear_error(
    check: Check, defined: Callable[..., None], server: ApiServer, answer: Answer, code: str
) -> None:
    server.fail("customresourcedefinitions", answer=answer, times=9)
    exit_code, out, err = check("cluster")
    assert (exit_code, out) == (3, "") and f"error {code}:" in err


def test_without_a_cluster_that_is_said(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kubernetes")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    code, _, err = check("cluster")
    assert code == 2 and "error E934:" in err


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster")
@pytest.mark.parametrize("target", ["argo", "argo-workflow", "argo-cluster"])
def test_a_real_cluster_is_asked_for_its_definitions(check: Check, target: str) -> None:
    code, out, err = check("cluster", target)
    assert code == 0 and "definitions of https://" in err, out + err
    assert "(its fields are not in it)" not in err
