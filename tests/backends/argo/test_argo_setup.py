"""What a cluster is given once, before its first run: the files, and the page that tells of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from milonga.runtime.argo.layout import run_prefix

ROOT = Path(__file__).parents[3]
CLUSTER = ROOT / "manifests" / "cluster"
RESULTS = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
CLAIMS = {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "create", "patch", "delete"]}
"""What a real controller's pods were seen to need: test_argo_claims.py."""


def objects_in(text: str) -> dict[tuple[str, str], Any]:
    """The objects of a YAML text by kind and name."""
    return {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(text) if item}


def test_every_file_is_part_of_what_is_applied() -> None:
    named = yaml.safe_load((CLUSTER / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted([*named, "kustomization.yaml"]) == sorted(path.name for path in CLUSTER.glob("*.yaml"))


def test_pods_may_report_their_results_and_nothing_else() -> None:
    assert objects_in((CLUSTER / "run-account.yaml").read_text("utf-8"))["Role", "milonga-run"]["rules"] == [RESULTS]


def test_the_component_for_claims_adds_one_rule_to_the_role_of_the_pods() -> None:
    component = yaml.safe_load((CLUSTER / "claims" / "kustomization.yaml").read_text("utf-8"))
    (patch,) = component["patches"]
    target = (patch["target"]["kind"], patch["target"]["name"])
    assert component["kind"] == "Component"
    assert target in objects_in((CLUSTER / "run-account.yaml").read_text("utf-8"))
    assert yaml.safe_load(patch["patch"]) == [{"op": "add", "path": "/rules/-", "value": CLAIMS}]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl, which makes the files into objects")
@pytest.mark.parametrize("place", ["within", "in an overlay"])
def test_the_account_may_make_and_remove_claims_where_the_component_is_taken(tmp_path: Path, place: str) -> None:
    base = tmp_path / "cluster"
    shutil.copytree(CLUSTER, base)
    own = base if place == "within" else tmp_path / "own"
    own.mkdir(exist_ok=True)
    if place == "within":
        taken, namespace = f"{(base / 'kustomization.yaml').read_text('utf-8')}components: [claims]\n", "milonga"
    else:
        taken, namespace = "namespace: x\nresources: [../cluster]\ncomponents: [../cluster/claims]\n", "x"
    (own / "kustomization.yaml").write_text(taken, "utf-8")
    made = subprocess.run(["kubectl", "kustomize", str(own)], capture_output=True, text=True, check=True).stdout
    objects = objects_in(made)
    assert objects["Role", "milonga-run"]["rules"] == [RESULTS, CLAIMS]
    assert objects["Role", "milonga-run"]["metadata"]["namespace"] == namespace
    (subject,) = objects["RoleBinding", "milonga-run"]["subjects"]
    assert (subject["name"], subject["namespace"]) == ("milonga-run", namespace)


@pytest.mark.parametrize("page", ["how-to/prepare-a-cluster.md", "explanation/results-on-a-cluster.md"])
def test_the_pages_name_the_places_that_runs_write(page: str) -> None:
    assert f"`{run_prefix('UID')}/`" in (ROOT / "docs" / page).read_text("utf-8")


def test_the_page_says_which_rights_are_needed() -> None:
    text = (ROOT / "docs" / "how-to" / "prepare-a-cluster.md").read_text("utf-8")
    assert all(f"`s3:{right}`" in text for right in ("GetObject", "PutObject", "ListBucket"))
    assert "components: [.../manifests/cluster/claims]" in text
