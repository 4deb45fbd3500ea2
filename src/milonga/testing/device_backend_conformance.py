# ruff: noqa: D102 - the names of the tests say what they hold
"""What every device back end must pass. Inherit the class, and pytest runs it for yours:

    class TestMyBackend(DeviceBackendConformance):
        def make_backend(self): return MyBackend()
        def make_device(self): return probe_host()
        def make_unfit_device(self): return replace(probe_host(), runtimes=())

The reference is onnx's own Python evaluator, so that a back end is never compared with itself. This module imports no
component: back ends and devices come from the methods that you write.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.errors import DeviceError

if TYPE_CHECKING:
    import numpy.typing as npt

SAMPLE_SHAPE = (1, 8, 8)
CLASSES = 5
SAMPLES = 64


class DeviceBackendConformance:
    """Numbers agree with a reference, refusals are clean, and the same input gives the same bytes.

    Attributes:
        relative_error_max: largest error of a back end that promises exact numbers, over the largest probability.
        agreement_min: least share of equal classes for the others. The network is random and its classes are close,
            so this is a check for gross faults; what a real network loses is measured when it is compiled.
    """

    relative_error_max: float = 1e-4
    agreement_min: float = 0.9

    @abstractmethod
    def make_backend(self) -> Any:
        """The `DeviceBackend` under test."""
        raise NotImplementedError

    @abstractmethod
    def make_device(self) -> Any:
        """The `DeviceDescription` of a device, this machine, that the back end can compile for."""
        raise NotImplementedError

    @abstractmethod
    def make_unfit_device(self) -> Any:
        """The `DeviceDescription` of a device that the back end cannot compile for."""
        raise NotImplementedError

    def test_its_name_can_stand_in_a_file_name(self) -> None:
        backend = self.make_backend()
        assert backend.name and all(character.isalnum() or character in "-_" for character in backend.name)
        assert backend.suffix.startswith(".")

    def test_it_takes_a_device_that_it_can_compile_for(self) -> None:
        assert self.make_backend().probe(self.make_device()) is None

    def test_it_refuses_another_device_with_a_reason(self) -> None:
        reason = self.make_backend().probe(self.make_unfit_device())
        assert isinstance(reason, str) and reason

    def test_it_says_which_versions_compile_and_run(self) -> None:
        versions = self.make_backend().versions()
        assert versions and all(isinstance(version, str) and version for version in versions.values())

    def test_its_numbers_agree_with_the_reference(self, tmp_path: Path) -> None:
        import numpy as np

        source = write_network(tmp_path / "source.onnx")
        samples = make_samples(seed=1)
        expected = reference_probabilities(source, samples)
        network = self.make_backend().load(self._compile(source, tmp_path), threads=1)
        got = network.run(samples)
        assert got.shape == expected.shape
        assert got.dtype == np.float32
        if self.make_backend().is_exact:
            assert float(np.abs(got - expected).max() / expected.max()) <= self.relative_error_max
        agreement = float((got.argmax(axis=1) == expected.argmax(axis=1)).mean())
        assert agreement >= (1.0 if self.make_backend().is_exact else self.agreement_min)

    def test_a_sample_gets_the_same_answer_alone_and_in_a_batch(self, tmp_path: Path) -> None:
        import numpy as np

        network = self.make_backend().load(self._compile(write_network(tmp_path / "source.onnx"), tmp_path), threads=1)
        samples = make_samples(seed=2)
        together = network.run(samples)
        alone = np.concatenate([network.run(samples[index : index + 1]) for index in range(len(samples))])
        assert np.abs(together - alone).max() <= self.relative_error_max

    def test_the_same_input_gives_the_same_bytes(self, tmp_path: Path) -> None:
        source = write_network(tmp_path / "source.onnx")
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        one, two = self._compile(source, tmp_path / "one"), self._compile(source, tmp_path / "two")
        assert one.read_bytes() == two.read_bytes()

    def test_a_damaged_source_is_refused_and_leaves_nothing(self, tmp_path: Path) -> None:
        import pytest

        source = tmp_path / "damaged.onnx"
        source.write_bytes(b"no network")
        folder = tmp_path / "out"
        folder.mkdir()
        with pytest.raises(DeviceError):
            self._compile(source, folder)
        assert list(folder.iterdir()) == []

    def test_a_damaged_artefact_is_refused(self, tmp_path: Path) -> None:
        import pytest

        artefact = self._compile(write_network(tmp_path / "source.onnx"), tmp_path)
        artefact.write_bytes(artefact.read_bytes()[: artefact.stat().st_size // 2])
        with pytest.raises(DeviceError):
            self.make_backend().load(artefact, threads=1)

    def test_missing_calibration_is_refused(self, tmp_path: Path) -> None:
        import pytest

        backend = self.make_backend()
        if not backend.needs_calibration:
            pytest.skip(f"{backend.name} needs no calibration")
        source, target = write_network(tmp_path / "source.onnx"), tmp_path / f"target{backend.suffix}"
        with pytest.raises(DeviceError):
            backend.compile(source, target, device=self.make_device(), calibration=None)
        assert not target.exists()

    def _compile(self, source: Path, folder: Path) -> Path:
        backend = self.make_backend()
        calibration = make_samples(seed=0) if backend.needs_calibration else None
        target = folder / f"artefact{backend.suffix}"
        result = backend.compile(source, target, device=self.make_device(), calibration=calibration)
        assert result == target and target.is_file()
        return target


def make_samples(*, seed: int) -> npt.NDArray[Any]:
    """Random samples of the conformance network, float32 `[SAMPLES, 1, 8, 8]` in 0..1."""
    import numpy as np

    return np.random.default_rng(seed).random((SAMPLES, *SAMPLE_SHAPE), dtype=np.float32)


def reference_probabilities(source: Path, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What onnx's own Python evaluator says, `[n, CLASSES]`."""
    from onnx.reference import ReferenceEvaluator

    outputs: Any = ReferenceEvaluator(str(source)).run(None, {"input": samples})
    result: npt.NDArray[Any] = outputs[0]
    return result


def write_network(path: Path) -> Path:
    """Write a small convolutional classifier with seeded weights, as milonga's exporter would."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(7)

    def weight(name: str, *shape: int, scale: float) -> Any:
        return numpy_helper.from_array((generator.standard_normal(shape) * scale).astype(np.float32), name=name)

    nodes = [
        helper.make_node("Sub", ["input", "mean"], ["centred"], name="centre"),
        helper.make_node("Conv", ["centred", "w1", "b1"], ["c1"], name="first", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], name="first_relu"),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], name="second", kernel_shape=[3, 3], strides=[2, 2]),
        helper.make_node("Relu", ["c2"], ["r2"], name="second_relu"),
        helper.make_node("Flatten", ["r2"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "w3", "b3"], ["logits"], name="classify"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], name="softmax", axis=1),
    ]
    constants = [
        numpy_helper.from_array(np.array([0.5], dtype=np.float32), name="mean"),
        weight("w1", 8, 1, 3, 3, scale=0.7),
        weight("b1", 8, scale=0.1),
        weight("w2", 16, 8, 3, 3, scale=0.3),
        weight("b2", 16, scale=0.1),
        weight("w3", 16 * 3 * 3, CLASSES, scale=0.5),
        weight("b3", CLASSES, scale=0.1),
    ]
    graph = helper.make_graph(
        nodes,
        "conformance",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *SAMPLE_SHAPE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", CLASSES])],
        initializer=constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path
