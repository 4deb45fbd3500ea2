from dataclasses import replace
from pathlib import Path

import pytest

from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.device_compilation.backends import find_backend, load_backends
from milonga.components.device_compilation.backends.base import DeviceBackend
from milonga.components.device_compilation.backends.onnxruntime.fp32 import OnnxRuntimeFp32
from milonga.components.device_compilation.backends.onnxruntime.int8 import (
    OnnxRuntimeInt8,
    needs_reduced_range,
    nodes_before_weights,
)
from milonga.components.device_profiling import load_device, probe_host
from milonga.errors import DeviceError
from milonga.testing.device_backend_conformance import DeviceBackendConformance, make_samples, write_network


class TestOnnxRuntimeFp32(DeviceBackendConformance):
    def make_backend(self) -> DeviceBackend:
        return OnnxRuntimeFp32()

    def make_device(self) -> DeviceDescription:
        return probe_host()

    def make_unfit_device(self) -> DeviceDescription:
        return replace(probe_host(), runtimes=())


class TestOnnxRuntimeInt8(TestOnnxRuntimeFp32):
    def make_backend(self) -> DeviceBackend:
        return OnnxRuntimeInt8()

    def make_unfit_device(self) -> DeviceDescription:
        return replace(probe_host(), precisions=("fp32",))


def with_features(isa: str, *features: str) -> DeviceDescription:
    host = probe_host()
    layout = "u8s8" if isa == "x86_64" else "s8s8"
    return replace(
        host, int8_layout=layout, architecture=replace(host.architecture, isa=isa, features=tuple(sorted(features)))
    )


def tensor_types(path: Path, operator: str, position: int) -> set[int]:
    """ONNX element types of the zero points of all `operator` nodes whose input number 0 is (not) a weight."""
    import onnx

    graph = onnx.load(str(path)).graph
    types = {item.name: item.data_type for item in graph.initializer}
    weights = set(types)
    nodes = [node for node in graph.node if node.op_type == operator]
    return {types[node.input[2]] for node in nodes if (node.input[0] in weights) == bool(position)}


@pytest.mark.parametrize(("isa", "activations"), [("x86_64", "UINT8"), ("aarch64", "INT8")])
def test_activations_are_unsigned_on_x86_and_signed_on_arm(tmp_path: Path, isa: str, activations: str) -> None:
    from onnx import TensorProto

    source = write_network(tmp_path / "source.onnx")
    target = tmp_path / "target.onnx"
    OnnxRuntimeInt8().compile(source, target, device=with_features(isa, "avx2"), calibration=make_samples(seed=0))
    assert tensor_types(target, "QuantizeLinear", 0) == {getattr(TensorProto, activations)}
    weights = tensor_types(target, "DequantizeLinear", 1) - {TensorProto.INT32}  # biases are 32 bits wide
    assert weights == {TensorProto.INT8}


def test_weights_keep_to_7_bits_where_the_processor_would_saturate(tmp_path: Path) -> None:
    import numpy as np
    import onnx

    assert needs_reduced_range(with_features("x86_64", "avx2"))
    assert not needs_reduced_range(with_features("x86_64", "avx2", "avx512_vnni"))
    assert not needs_reduced_range(with_features("aarch64", "asimddp"))
    source = write_network(tmp_path / "source.onnx")
    largest = {}
    for features in (("avx2",), ("avx2", "avx512_vnni")):
        target = tmp_path / f"{len(features)}.onnx"
        device = with_features("x86_64", *features)
        OnnxRuntimeInt8().compile(source, target, device=device, calibration=make_samples(seed=0))
        arrays = [onnx.numpy_helper.to_array(item) for item in onnx.load(str(target)).graph.initializer]
        weights = [array for array in arrays if array.dtype == np.int8 and array.ndim > 1]
        largest[features] = max(int(np.abs(array.astype(int)).max()) for array in weights)
    assert largest == {("avx2",): 64, ("avx2", "avx512_vnni"): 127}


def test_normalisation_and_softmax_stay_in_fp32(tmp_path: Path) -> None:
    import onnx

    source = write_network(tmp_path / "source.onnx")
    assert nodes_before_weights(onnx.load(str(source)).graph) == ["centre"]
    target = tmp_path / "target.onnx"
    OnnxRuntimeInt8().compile(source, target, device=probe_host(), calibration=make_samples(seed=0))
    graph = onnx.load(str(target)).graph
    producers = {name: node.op_type for node in graph.node for name in node.output}
    readers = {node.op_type for node in graph.node if "input" in node.input}
    assert readers == {"Sub"}
    assert producers["probabilities"] == "Softmax"


def test_a_network_without_heavy_operators_is_refused_for_8_bits(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Softmax", ["input"], ["probabilities"], axis=1)],
        "light",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])],
    )
    source = tmp_path / "light.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), str(source))
    with pytest.raises(DeviceError) as caught:
        OnnxRuntimeInt8().compile(source, tmp_path / "x", device=probe_host(), calibration=make_samples(seed=0))
    assert caught.value.code == "E643"


def test_the_plain_fp32_network_is_always_a_candidate() -> None:
    assert load_backends()[0].name == "onnxruntime-fp32"
    assert find_backend("onnxruntime-int8").name == "onnxruntime-int8"
    with pytest.raises(DeviceError) as caught:
        find_backend("tensorrt")
    assert caught.value.code == "E640"


def test_declared_devices_can_be_compiled_for() -> None:
    for backend in load_backends():
        assert backend.probe(load_device("raspberry-pi-4")) is None
