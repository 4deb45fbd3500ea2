import shutil
from pathlib import Path

import numpy as np
import pytest

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.device_profile import DeviceProfile
from milonga.components.contracts.trained_model import TrainedModel
from milonga.components.device_compilation import Compiled, compile_model
from milonga.components.device_compilation.backends.onnxruntime.session import OnnxRuntimeNetwork
from milonga.components.device_compilation.network_input import calibration_samples, to_network_input
from milonga.components.device_profiling import probe_device
from milonga.errors import DataError, DeviceError, LimitNotMet

pytestmark = pytest.mark.slow  # a network is trained and compiled first


@pytest.fixture(scope="module")
def compiled(trained: TrainedModel, digits: DataSplits) -> Compiled:
    return compile_model(trained, digits, probe_device("host"))


def test_every_candidate_is_measured_and_judged(compiled: Compiled, digits: DataSplits) -> None:
    description = compiled.model.read()
    assert [candidate.artefact for candidate in description.candidates] == ["onnxruntime-fp32", "onnxruntime-int8"]
    for candidate in description.candidates:
        assert candidate.status == "measured"
        assert candidate.samples is not None and candidate.samples >= 50
        assert candidate.validation_accuracy is not None and candidate.accuracy_drop is not None
    rows = compiled.table.read().candidates
    assert [(row.artefact, row.p95_ms) for row in rows] == [(c.artefact, c.p95_ms) for c in description.candidates]


def test_fp32_agrees_with_torch(compiled: Compiled) -> None:
    fp32 = compiled.model.read().candidates[0]
    assert fp32.parity_max_relative_error is not None and fp32.parity_max_relative_error <= 1e-4
    assert fp32.accuracy_drop == 0.0


def test_the_reported_accuracy_is_that_of_the_files(compiled: Compiled, digits: DataSplits) -> None:
    stored, labels = digits.load_split("validation")
    for candidate in compiled.model.read().candidates:
        network = OnnxRuntimeNetwork(compiled.model.path / str(candidate.file), threads=1)
        accuracy = float((network.run(to_network_input(stored)).argmax(axis=1) == labels).mean())
        assert accuracy == candidate.validation_accuracy


def test_the_chosen_network_takes_raw_pixels_in_batches_of_any_size(compiled: Compiled) -> None:
    assert compiled.artefact == compiled.model.read().chosen
    network = OnnxRuntimeNetwork(compiled.model.onnx_path, threads=1)
    for count in (1, 7):
        probabilities = network.run(np.zeros((count, 1, 8, 8), dtype=np.float32))
        assert probabilities.shape == (count, 10)
        assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-5


def test_calibration_uses_training_samples_only_and_is_recorded(compiled: Compiled, digits: DataSplits) -> None:
    samples, record = calibration_samples(digits)
    assert compiled.model.read().calibration == record
    train = {row.tobytes() for row in to_network_input(digits.load_split("train")[0])}
    assert len(samples) == record.samples == 256
    assert {row.tobytes() for row in samples} <= train


def test_the_same_input_gives_the_same_networks(compiled: Compiled, trained: TrainedModel, digits: DataSplits) -> None:
    again = compile_model(trained, digits, probe_device("host"))
    first, second = compiled.model.read(), again.model.read()
    assert [c.sha256 for c in first.candidates] == [c.sha256 for c in second.candidates]


def test_nothing_of_this_machine_stands_in_the_files(compiled: Compiled) -> None:
    import torch

    marks = [str(Path.home()), str(Path(torch.__file__).parent), str(compiled.model.path), str(Path.cwd())]
    for path in compiled.model.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [mark for mark in marks if mark.encode() in content], path.name


def test_an_altered_network_is_noticed(compiled: Compiled, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(compiled.model.path, copy)
    with (copy / "model.onnx").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(DeviceError) as caught:
        CompiledModel.at(copy).read()
    assert caught.value.code == "E634"


def test_an_impossible_latency_is_refused_with_what_was_achieved(trained: TrainedModel, digits: DataSplits) -> None:
    with pytest.raises(LimitNotMet) as caught:
        compile_model(trained, digits, probe_device("host", latency_p95_ms=1e-4))
    assert caught.value.code == "E610"
    assert "onnxruntime-fp32: p95" in caught.value.got


@pytest.mark.slow
def test_a_size_limit_rules_the_larger_artefact_out(
    compiled: Compiled, trained: TrainedModel, digits: DataSplits
) -> None:
    sizes = {c.artefact: c.size_bytes or 0 for c in compiled.model.read().candidates}
    assert sizes["onnxruntime-int8"] < sizes["onnxruntime-fp32"]
    limit = sizes["onnxruntime-int8"] / (1 << 20) + 1e-6
    small = compile_model(trained, digits, probe_device("host", size_mib=limit, accuracy_drop_max=1.0))
    assert small.artefact == "onnxruntime-int8"


def test_a_device_elsewhere_is_refused_before_any_work(trained: TrainedModel, digits: DataSplits) -> None:
    with pytest.raises(DeviceError) as caught:
        compile_model(trained, digits, probe_device("raspberry-pi-4"))
    assert caught.value.code == "E650"
    assert not isinstance(caught.value, LimitNotMet)


def test_other_data_than_the_model_was_trained_on_are_refused(
    trained: TrainedModel, other_digits: DataSplits, host: DeviceProfile
) -> None:
    with pytest.raises(DataError) as caught:
        compile_model(trained, other_digits, host)
    assert caught.value.code == "E527"


def test_a_network_that_does_not_agree_with_torch_fails_the_gate(
    compiled: Compiled, digits: DataSplits, tmp_path: Path
) -> None:
    import onnx

    from milonga.components.device_compilation.candidates import Expectation, check_numbers, compile_candidates

    model = onnx.load(str(compiled.model.path / "candidates" / "onnxruntime-fp32.onnx"))
    weights = next(item for item in model.graph.initializer if len(item.dims) == 2)
    array = onnx.numpy_helper.to_array(weights).copy()
    array[0, 0] += 0.5
    weights.CopyFrom(onnx.numpy_helper.from_array(array, weights.name))
    onnx.save(model, str(tmp_path / "wrong.onnx"))
    stored, labels = digits.load_split("validation")
    right = OnnxRuntimeNetwork(compiled.model.path / "candidates" / "onnxruntime-fp32.onnx", threads=1)
    expectation = Expectation(digits.path / "validation" / "x.npy", labels, right.run(to_network_input(stored)))
    samples, _ = calibration_samples(digits, limit=32)
    found = compile_candidates(
        tmp_path / "wrong.onnx", tmp_path, device=probe_device("host").read(), calibration=samples
    )
    fp32 = check_numbers(found, expectation=expectation, threads=1, sample_shape=(1, 8, 8))[0]
    assert fp32.record.status == "failed" and "relative error" in fp32.record.reason
