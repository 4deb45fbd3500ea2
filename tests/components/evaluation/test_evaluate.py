"""`evaluate`: measured by running the network, judged by its gate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, precision_score, recall_score

from milonga.components.contracts import CompiledModel, DataSplits
from milonga.components.contracts.compiled_model import CompiledCandidate, CompiledDescription
from milonga.components.contracts.device_profile import DeviceLimits
from milonga.components.contracts.model_input import ModelInput
from milonga.components.evaluation import evaluate
from milonga.components.ingestion import ingest_table
from milonga.errors import DataError, DeviceError

CLASSES = ("ant", "bee", "cow")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """Three noisy clusters in the plane."""
    random = np.random.default_rng(11)
    label = random.choice(3, 400, p=[0.2, 0.3, 0.5])
    centres = np.array([[0, 2], [2, -1], [-2, -1]])
    x = centres[label] + random.normal(size=(400, 2)) * 1.2
    path = tmp_path_factory.mktemp("table") / "points.npz"
    np.savez(path, x=x, kind=np.array(CLASSES)[label])
    return ingest_table(str(path), target="kind", validation_share=0.3, test_share=0.4)


def make_network(
    weights: Any, *, image: bool = False, last: str = "Softmax", shape: Sequence[Any] = ("batch", 2)
) -> bytes:
    """A linear classifier by hand: flatten, multiply, softmax."""
    weights = np.asarray(weights, dtype=np.float32)
    nodes = [helper.make_node("Flatten", ["input"], ["flat"], axis=1)] if image else []
    nodes.append(helper.make_node("MatMul", ["flat" if image else "input", "weights"], ["scores"]))
    nodes.append(helper.make_node(last, ["scores"], ["probabilities"]))
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", weights.shape[1]])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def make_model(
    folder: Path,
    network: bytes,
    *,
    classes: tuple[str, ...] = CLASSES,
    form: ModelInput = ModelInput(kind="table", features=2),  # noqa: B008 - frozen
    accuracy: float = 0.5,
) -> CompiledModel:
    folder.mkdir()
    (folder / "candidates").mkdir()
    (folder / "model.onnx").write_bytes(network)
    (folder / "candidates" / "onnxruntime-fp32.onnx").write_bytes(network)
    candidate = CompiledCandidate(
        artefact="onnxruntime-fp32",
        status="measured",
        file="candidates/onnxruntime-fp32.onnx",
        size_bytes=len(network),
        sha256=hashlib.sha256(network).hexdigest(),
        p50_ms=0.1,
        p95_ms=0.2,
        samples=10,
        threads=1,
        validation_accuracy=accuracy,
    )
    model = CompiledModel.at(folder)
    model.write(
        CompiledDescription(
            device="host",
            chosen="onnxruntime-fp32",
            family="logistic",
            level=None,
            classes=classes,
            input=form,
            mean=(0.0, 0.0),
            std=(1.0, 1.0),
            limits=DeviceLimits(latency_p95_ms=None, size_mib=None, accuracy_drop_max=None),
            candidates=(candidate,),
            runtime_versions={},
            calibration=None,
            opset=17,
        )
    )
    return model


GOOD = [[0, 2, -2], [2, -1, -1]]
POOR = [[0, -2, 2], [2, -1, -1]]


def test_the_scores_are_those_of_scikit_learn(tmp_path: Path, data: DataSplits) -> None:
    model = make_model(tmp_path / "model", make_network(GOOD))
    result = evaluate(model, data)
    x, y = data.load_split("test")
    scores = x.astype(np.float64) @ np.array(GOOD)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)

    report = result.report.read()
    assert report.samples == len(y) > 100
    assert result.accuracy == report.accuracy == accuracy_score(y, predicted)
    assert 0.7 < result.accuracy < 1
    assert report.macro_f1 == pytest.approx(f1_score(y, predicted, average="macro"))
    assert report.log_loss == pytest.approx(log_loss(y, probabilities), rel=1e-4)
    assert report.confusion_matrix == tuple(map(tuple, confusion_matrix(y, predicted).tolist()))
    assert [item.precision for item in report.per_class] == pytest.approx(precision_score(y, predicted, average=None))
    assert [item.recall for item in report.per_class] == pytest.approx(recall_score(y, predicted, average=None))
    assert result.passed and result.report.metadata["accuracy"] == result.accuracy
    drawn = result.confusion.metadata["confusionMatrix"]
    assert [item["displayName"] for item in drawn["annotationSpecs"]] == list(CLASSES)
    assert tuple(tuple(row["row"]) for row in drawn["rows"]) == report.confusion_matrix


def test_the_split_that_was_asked_for_is_measured(tmp_path: Path, data: DataSplits) -> None:
    model = make_model(tmp_path / "model", make_network(GOOD))
    found = evaluate(model, data, split="validation").report.read()
    assert (found.split, found.samples) == ("validation", data.read().splits["validation"])


def test_images_reach_the_network_as_channels_first_and_scaled_to_one(tmp_path: Path) -> None:
    from PIL import Image

    from milonga.components.ingestion import ingest_images

    random = np.random.default_rng(2)
    for label, channel in (("green", 1), ("red", 0)):
        (tmp_path / "rgb" / label).mkdir(parents=True)
        for index in range(40):
            pixels = random.integers(0, 60, (3, 2, 3), dtype=np.uint8)
            pixels[:, :, channel] += 190
            Image.fromarray(pixels).save(tmp_path / "rgb" / label / f"{index}.png")
    data = ingest_images(str(tmp_path / "rgb"))
    # Six red inputs come first, then six green ones; the blue ones count for nothing.
    weights = np.zeros((18, 2))
    weights[:6, 1] = weights[6:12, 0] = 1
    network = make_network(weights, image=True, shape=("batch", 3, 3, 2))
    form = ModelInput(kind="image", height=3, width=2, channels=3)
    report = evaluate(make_model(tmp_path / "model", network, classes=("green", "red"), form=form), data).report.read()
    assert report.accuracy == 1.0
    # About 6 * (220 - 30) / 255 between both scores; unscaled pixels would give a loss of 0.
    assert 0.005 < report.log_loss < 0.05


def test_an_accuracy_below_the_threshold_does_not_pass_but_is_reported(tmp_path: Path, data: DataSplits) -> None:
    model = make_model(tmp_path / "model", make_network(GOOD), accuracy=1.0)
    result = evaluate(model, data, accuracy_min=0.99)
    assert result.passed is False and result.accuracy < 0.99
    (check,) = result.report.read().checks
    assert (check.name, check.value, check.limit, check.passed) == ("accuracy", result.accuracy, 0.99, False)


def test_the_candidate_is_held_against_production_measured_on_the_same_split(tmp_path: Path, data: DataSplits) -> None:
    # Each records a validation accuracy that is not true: nobody may believe it.
    good = make_model(tmp_path / "good", make_network(GOOD), accuracy=0.01)
    poor = make_model(tmp_path / "poor", make_network(POOR), accuracy=0.99)
    better = evaluate(good, data, production=poor)
    worse = evaluate(poor, data, production=good)
    assert better.passed and not worse.passed
    check = worse.report.read().checks[1]
    assert check.name == "accuracy_against_production"
    assert (check.value, check.limit) == (worse.accuracy, better.accuracy)

    drop = better.accuracy - worse.accuracy
    assert evaluate(poor, data, production=good, drop_max=drop).passed
    assert not evaluate(poor, data, production=good, drop_max=drop - 0.001).passed
    assert evaluate(good, data, production=good).passed


def test_a_model_of_other_classes_or_another_input_is_an_error(tmp_path: Path, data: DataSplits) -> None:
    other = make_model(tmp_path / "a", make_network(GOOD), classes=("ant", "bee", "dog"))
    with pytest.raises(DataError) as caught:
        evaluate(other, data)
    assert caught.value.code == "E530" and "dog" in caught.value.got and "cow" in caught.value.got
    with pytest.raises(DataError, match="E530"):
        evaluate(make_model(tmp_path / "b", make_network(GOOD)), data, production=other)
    shuffled = make_model(tmp_path / "c", make_network(GOOD), classes=("bee", "ant", "cow"))
    with pytest.raises(DataError, match="another order"):
        evaluate(shuffled, data)
    wide = make_model(tmp_path / "d", make_network(GOOD), form=ModelInput(kind="table", features=3))
    with pytest.raises(DataError, match="E531"):
        evaluate(wide, data)


def test_an_output_that_is_no_probability_is_an_error(tmp_path: Path, data: DataSplits) -> None:
    with pytest.raises(DataError, match="E533"):
        evaluate(make_model(tmp_path / "a", make_network(GOOD, last="Identity")), data)
    with pytest.raises(DataError, match="E533"):
        evaluate(make_model(tmp_path / "b", make_network([[0, 2], [2, -1]])), data)


def test_a_network_that_does_not_load_or_was_altered_is_an_error(tmp_path: Path, data: DataSplits) -> None:
    with pytest.raises(DataError, match="E534"):
        evaluate(make_model(tmp_path / "a", b"no network"), data)
    altered = make_model(tmp_path / "b", make_network(GOOD))
    altered.onnx_path.write_bytes(make_network(POOR))
    with pytest.raises(DeviceError, match="E634"):
        evaluate(altered, data)


@pytest.mark.parametrize("limits", [{"accuracy_min": 1.5}, {"drop_max": -0.1}, {"accuracy_min": float("nan")}])
def test_limits_out_of_range_are_errors(tmp_path: Path, data: DataSplits, limits: dict[str, float]) -> None:
    with pytest.raises(DataError, match="E509"):
        evaluate(make_model(tmp_path / "a", make_network(GOOD)), data, **limits)  # type: ignore[arg-type]
