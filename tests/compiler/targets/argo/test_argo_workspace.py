"""The workspace: one claim a run, mounted by all steps."""

from __future__ import annotations

import pytest
from argo_claim_pipelines import graph_of, objects_of, template_of

from milonga.errors import UnsupportedByTarget

STEPS = {"one": {"componentRef": {"name": "comp-step"}, "cachingOptions": {"enableCache": True}}}
CONFIG = {
    "pipelineConfig": {"workspace": {"size": "1Gi", "kubernetes": {"pvcSpecPatch": {"storageClassName": "fast"}}}}
}


def test_each_run_has_a_claim_that_goes_with_it() -> None:
    spec = objects_of(graph_of(STEPS, platform=CONFIG))[-1]["spec"]
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast",
    }
    assert spec["volumeClaimTemplates"] == [{"metadata": {"name": "milonga-workspace"}, "spec": claim}]
    assert spec["volumeClaimGC"] == {"strategy": "OnWorkflowCompletion"}


def test_all_steps_mount_it_and_none_is_kept_for_later_runs() -> None:
    template = template_of(objects_of(graph_of(STEPS, platform=CONFIG)), "step")
    mounts = {mount["name"]: mount["mountPath"] for mount in template["container"]["volumeMounts"]}
    assert mounts["milonga-workspace"] == "/milonga/workspace"
    assert "c" not in [item["name"] for item in template["inputs"]["parameters"]]


def test_without_a_workspace_nothing_is_mounted() -> None:
    objects = objects_of(graph_of(STEPS))
    assert "volumeClaimTemplates" not in objects[-1]["spec"]
    assert "milonga-workspace" not in str(objects)


def test_a_workspace_without_a_size_is_refused() -> None:
    with pytest.raises(UnsupportedByTarget, match="E315"):
        objects_of(graph_of(STEPS, platform={"pipelineConfig": {"workspace": {"size": "large"}}}))
