import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.deployment import Deployment
from milonga.components.contracts.evaluation import Evaluation
from milonga.components.deployment import deploy
from milonga.components.device_compilation import compile_model
from milonga.components.device_profiling import probe_device
from milonga.components.evaluation import evaluate
from milonga.components.ingestion import ingest_images
from milonga.components.training import train
from milonga.errors import ServingError

pytestmark = pytest.mark.slow  # a network is trained and compiled first

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("MILONGA_SHARED", ROOT.parent / "shared"))
SCHEMA = SHARED / "schemas" / "kserve" / "v0.20" / "InferenceService.v1beta1.schema.json"


@dataclass(frozen=True, slots=True)
class Judged:
    """A compiled network, its data, and its evaluation with a gate that passes and with one that does not."""

    model: CompiledModel
    data: DataSplits
    passed: Evaluation
    failed: Evaluation


def write_images(folder: Path, *, count: int) -> Path:
    """The first of scikit-learn's digits as an image folder."""
    from PIL import Image
    from sklearn.datasets import load_digits

    table = load_digits()
    for index, (image, label) in enumerate(zip(table.images[:count], table.target[:count], strict=True)):
        path = folder / str(label) / f"{index:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 255 / 16).round().astype("uint8")).save(path)
    return folder


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    data = ingest_images(str(write_images(tmp_path_factory.mktemp("digits"), count=300)))
    trained = train(data, family="resnet", level=1, epochs=1, device="cpu").model
    model = compile_model(trained, data, probe_device("host")).model
    passed, failed = evaluate(model, data).report, evaluate(model, data, accuracy_min=1.0).report
    return Judged(model, data, passed, failed)


@pytest.fixture(scope="session")
def deployment(judged: Judged) -> Deployment:
    uri = "s3://models/digits"
    return deploy(judged.model, judged.passed, judged.data, name="digits", namespace="vision", storage_uri=uri)


@pytest.fixture(scope="session")
def manifest(deployment: Deployment) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(deployment.manifest_path.read_text(encoding="utf-8"))
    return value


def test_the_manifest_keeps_the_full_schema_of_the_cluster(manifest: dict[str, Any]) -> None:
    import jsonschema

    if not SCHEMA.is_file():
        pytest.skip("no KServe schemas here; set MILONGA_SHARED to the folder that holds schemas/")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(manifest)] == []
    manifest = json.loads(json.dumps(manifest))
    manifest["spec"]["predictor"]["minReplica"] = 1
    assert list(validator.iter_errors(manifest)), "the schema would not notice a misspelt field"


def test_the_mode_is_written_out(manifest: dict[str, Any]) -> None:
    assert manifest["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert (manifest["metadata"]["name"], manifest["metadata"]["namespace"]) == ("digits", "vision")


def test_the_container_runs_our_server_on_the_stored_model(manifest: dict[str, Any]) -> None:
    (container,) = manifest["spec"]["predictor"]["containers"]
    assert container["name"] == "kserve-container"
    assert container["command"] == ["python", "-m", "milonga.serving"]
    environment = {item["name"]: item["value"] for item in container["env"]}
    assert environment == {"ORT_DISABLE_TELEMETRY": "1", "STORAGE_URI": "s3://models/digits"}
    assert container["args"][container["args"].index("--model-dir") + 1] == "/mnt/models"


def test_the_folder_carries_the_model_that_was_compiled(judged: Judged, deployment: Deployment) -> None:
    description = deployment.read()
    assert deployment.compiled_model().read() == judged.model.read()
    assert description.model_digest == f"sha256:{judged.model.read().chosen_candidate.sha256}"
    assert sorted(path.name for path in deployment.path.iterdir()) == [
        "deployment.json",
        "inference-service.yaml",
        "model",
        "request.json",
    ]


def test_the_request_is_a_real_test_sample(judged: Judged, deployment: Deployment) -> None:
    (tensor,) = json.loads(deployment.request_path.read_text())["inputs"]
    assert (tensor["name"], tensor["shape"], tensor["datatype"]) == ("input", [1, 1, 8, 8], "FP32")
    stored, labels = judged.data.load_split("test")
    example = deployment.read().example_index
    assert np.allclose(np.array(tensor["data"]).reshape(8, 8) * 255, stored[example][..., 0], atol=1e-3)
    assert deployment.read().example_class == judged.data.read().classes[int(labels[example])]


def test_the_same_input_gives_the_same_bytes(judged: Judged, deployment: Deployment) -> None:
    uri = "s3://models/digits"
    again = deploy(judged.model, judged.passed, judged.data, name="digits", namespace="vision", storage_uri=uri)
    for path in deployment.path.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again.path / path.relative_to(deployment.path)).read_bytes()


def test_a_gate_that_did_not_pass_is_a_refusal(judged: Judged) -> None:
    with pytest.raises(ServingError) as caught:
        deploy(judged.model, judged.failed, judged.data, name="digits")
    assert caught.value.code == "E701"
    assert "accuracy" in caught.value.got


@pytest.mark.parametrize("name", ["", "Digits", "1digits", "digits-", "di_gits", "d" * 54, "digits\n", "a.b"])
def test_a_name_that_kubernetes_refuses_is_refused_here(judged: Judged, name: str) -> None:
    with pytest.raises(ServingError) as caught:
        deploy(judged.model, judged.passed, judged.data, name=name)
    assert caught.value.code == "E703"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"namespace": "Team"}, "E703"),
        ({"storage_uri": "/mnt/share"}, "E704"),
        ({"storage_uri": "ftp://host/model"}, "E704"),
        ({"min_replicas": 0}, "E705"),
        ({"min_replicas": 3, "max_replicas": 2}, "E705"),
    ],
)
def test_options_that_kserve_refuses_are_refused_here(judged: Judged, options: dict[str, Any], code: str) -> None:
    with pytest.raises(ServingError) as caught:
        deploy(judged.model, judged.passed, judged.data, name="digits", **options)
    assert caught.value.code == code


def test_a_missing_file_is_noticed(judged: Judged) -> None:
    broken = deploy(judged.model, judged.passed, judged.data, name="digits")
    broken.request_path.unlink()
    with pytest.raises(ServingError) as caught:
        broken.read()
    assert caught.value.code == "E720"
