"""The fields are those of Argo's own definitions, which know no others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pod_samples import fields_of
from pod_steps import templates

SHARED = Path(os.environ.get("MILONGA_SHARED", Path(__file__).resolve().parents[6] / "shared"))
DEFINITIONS = SHARED / "schemas" / "argo"

pytestmark = pytest.mark.skipif(not DEFINITIONS.is_dir(), reason="no definitions here; set MILONGA_SHARED")


def bodies() -> Iterator[Mapping[str, Any]]:
    """Templates of the samples of KFP, and those that the controller ran."""
    for path in sorted((SHARED / "conformance" / "kfp-ir" / "kubernetes-platform").glob("*.yaml")):
        (_, platform) = yaml.safe_load_all(path.read_text("utf-8"))
        for settings in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
            fields = fields_of(None, **settings)
            yield {**fields.template, "container": {"command": ["x"], **fields.container}}
    yield from templates().values()


@pytest.mark.parametrize("version", ["v3.7", "v4.0", "v4.1"])
def test_the_definitions_of_each_line_of_argo_allow_all_fields(version: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DEFINITIONS / version / "Workflow.v1alpha1.schema.json").read_text("utf-8"))
    listed = [{"name": f"t{number}", **body} for number, body in enumerate(bodies())]
    spec = {"entrypoint": "t0", "templates": listed}
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"}, "spec": spec}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(workflow)
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []
