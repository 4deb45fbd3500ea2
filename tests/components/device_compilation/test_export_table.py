from pathlib import Path

import numpy as np
import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.device_profile import DeviceProfile
from milonga.components.contracts.trained_model import TrainedModel
from milonga.components.device_compilation import compile_model
from milonga.components.device_compilation.backends.onnxruntime.session import OnnxRuntimeNetwork
from milonga.components.device_compilation.export_table import export_table, round_down
from milonga.components.training import train_table
from milonga.errors import DeviceError


@pytest.mark.parametrize("data", ["wine", pytest.param("tumours", marks=pytest.mark.slow)])
@pytest.mark.parametrize("estimator", ["logistic", "forest", "boosting"])
def test_an_exported_estimator_gives_the_same_probabilities(
    data: str, estimator: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    splits: DataSplits = request.getfixturevalue(data)
    few = {"forest": {"n_estimators": 20}, "boosting": {"max_iter": 10}}.get(estimator, {})
    model: TrainedModel = train_table(splits, estimator=estimator, hyperparameters=few).model
    description, fitted = model.read(), model.read_estimator()
    features, classes = description.input.features, len(description.classes)
    export_table(fitted, tmp_path / "table.onnx", features=features, classes=classes)
    samples = np.concatenate([np.asarray(splits.load_split(name)[0]) for name in ("train", "validation", "test")])
    got = OnnxRuntimeNetwork(tmp_path / "table.onnx", threads=1).run(samples)
    assert got.shape == (len(samples), classes)
    assert np.abs(got - fitted.predict_proba(samples)).max() < 1e-5


def test_a_threshold_sends_each_float32_the_way_it_went_before() -> None:
    generator = np.random.default_rng(0)
    thresholds = generator.random(2000)
    near = thresholds.astype(np.float32)
    for features in (near, np.nextafter(near, np.float32(2)), np.nextafter(near, np.float32(-2))):
        assert ((features <= round_down(thresholds)) == (features.astype(np.float64) <= thresholds)).all()


def test_another_estimator_is_refused(tmp_path: Path) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    fitted = KNeighborsClassifier(1).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(DeviceError) as caught:
        export_table(fitted, tmp_path / "table.onnx", features=1, classes=2)
    assert caught.value.code == "E645" and caught.value.got == "KNeighborsClassifier"
    assert not (tmp_path / "table.onnx").exists()


def test_trees_are_compiled_and_their_8_bit_form_is_refused_with_a_reason(
    wine: DataSplits, host: DeviceProfile
) -> None:
    model = train_table(wine, estimator="forest", hyperparameters={"n_estimators": 20}).model
    compiled = compile_model(model, wine, host)
    assert compiled.artefact == "onnxruntime-fp32"
    fp32, int8 = compiled.model.read().candidates
    assert fp32.status == "measured" and fp32.top1_agreement == 1.0
    assert int8.status == "refused" and "TreeEnsembleRegressor" in int8.reason and int8.p50_ms is None
    assert compiled.model.read().calibration is None
