"""Submissions to a real cluster: an image by its digest, and a file that travels with the run.

KUBECONFIG and MILONGA_ARGO_NAMESPACE are as for the other tests on a cluster. For the image, MILONGA_TEST_REGISTRY is a
registry that the nodes pull from by the same name, and MILONGA_TEST_BASE_IMAGE an archive of `docker save` with Python.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.given_artifacts import FILE_BYTES_MAX
from milonga.backends.argo.resources import PODS
from milonga.backends.operations import operations_of
from milonga.backends.patience import Patience
from milonga.backends.preparation import checked_request
from milonga.backends.waiting import ended_run
from milonga.compiler.interop.sources import Source, read_source
from milonga.compiler.passes.pinned_images import PinnedImages
from milonga.images import ImageRecipe, ImageReference, build_image, resolved_images
from milonga.images.destinations.registry_push import RegistryPush
from milonga.images.layers.addition import Addition

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
FLOW = """
from milonga import Dataset, Model, component, pipeline

@component(image="IMAGE")
def look(data: Dataset, model: Model) -> str:
    import hashlib
    content = data.path.read_bytes()
    return f"{type(data).__name__} {len(content)} {hashlib.sha256(content).hexdigest()} {model.uri}"

@component(image="IMAGE")
def read_note() -> str:
    return open("/app/note.txt").read()

@pipeline
def with_inputs(data: Dataset, model: Model) -> str:
    return look(data, model)

@pipeline
def with_note() -> str:
    return read_note()
"""


def source(folder: Path, name: str, image: str = "python:3.11") -> Source:
    (folder / "be_inputs.py").write_text(FLOW.replace("IMAGE", image), "utf-8")
    return read_source(f"{folder / 'be_inputs.py'}:{name}")


@pytest.fixture
def backend() -> ArgoBackend:
    return ArgoBackend.configured({}, Patience(poll_s=1, longest_poll_s=3))


def test_the_largest_file_and_a_uri_reach_the_pod_as_they_are(backend: ArgoBackend, tmp_path: Path) -> None:
    content = bytes(number % 251 for number in range(FILE_BYTES_MAX))
    (tmp_path / "data.bin").write_bytes(content)
    flow = source(tmp_path, "with_inputs")
    given = {"data": str(tmp_path / "data.bin"), "model": "s3://bucket/{{workflow.name}}/$(HOME)"}
    run_id = backend.submit(flow.graph, checked_request(flow.graph, flow.signature, given)).run_id
    assert ended_run(backend, run_id, timeout_s=300).state == "SUCCEEDED"
    digest = hashlib.sha256(content).hexdigest()
    expected = f"Dataset {FILE_BYTES_MAX} {digest} s3://bucket/{{{{workflow.name}}}}/$(HOME)"
    assert operations_of(backend).outputs(run_id).parameters == {"Output": expected}


def test_a_pod_runs_the_image_that_was_pinned_whatever_is_pushed_later(backend: ArgoBackend, tmp_path: Path) -> None:
    registry, base = os.environ.get("MILONGA_TEST_REGISTRY"), os.environ.get("MILONGA_TEST_BASE_IMAGE")
    if not registry or not base:
        pytest.skip("MILONGA_TEST_REGISTRY or MILONGA_TEST_BASE_IMAGE is not set")
    name = f"{registry}/milonga-test/{os.getpid()}"

    def push(text: str) -> str:
        (tmp_path / "note.txt").write_text(text, "utf-8")
        recipe = ImageRecipe(
            base=f"docker-archive:{base}", additions=[Addition(tmp_path / "note.txt", "/app/note.txt")]
        )
        return build_image(recipe, RegistryPush(ImageReference.parse(f"{name}:1"))).digest

    digest = push("first")
    flow = source(tmp_path, "with_note", f"{name}:1")
    pinned = PinnedImages(resolved_images).run(flow.graph)
    assert push("second") != digest
    run_id = backend.submit(pinned, checked_request(pinned, flow.signature, {})).run_id
    assert ended_run(backend, run_id, timeout_s=300).state == "SUCCEEDED"
    assert operations_of(backend).outputs(run_id).parameters == {"Output": "first"}
    pods = backend._connection.listed(PODS, labelSelector=f"workflows.argoproj.io/workflow={run_id}")
    images = {item["image"] for pod in pods for item in pod["spec"]["containers"] if item["name"] == "main"}
    assert images == {f"{name}@{digest}"}
