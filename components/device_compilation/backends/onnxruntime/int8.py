"""Static 8-bit quantisation with ONNX Runtime's own tool, in the layout that the device's kernels are fast at."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.contracts.model_input import INPUT_NAME
from milonga.components.device_compilation.backends.base import LoadedNetwork
from milonga.components.device_compilation.backends.onnxruntime.session import (
    OnnxRuntimeNetwork,
    import_onnxruntime,
    probe_onnxruntime,
    read_versions,
)
from milonga.components.device_compilation.onnx_file import check_onnx, clean_onnx, import_onnx, save_onnx
from milonga.errors import DeviceError

if TYPE_CHECKING:
    import numpy.typing as npt

QUANTISED_OPERATORS = (
    *("Add", "AveragePool", "Concat", "Conv", "Gemm", "GlobalAveragePool"),
    *("MatMul", "MaxPool", "ReduceMean", "Relu"),
)
"""Softmax stays in fp32: 8 bits would round every probability to a step of 1/256. So does the normalisation."""
HEAVY_OPERATORS = frozenset({"Conv", "Gemm", "MatMul"})
CALIBRATION_BATCH = 32


class OnnxRuntimeInt8:
    """Back end `onnxruntime-int8`; the contract is `DeviceBackend`.

    QDQ format, MinMax ranges, signed per-channel weights. Activations are unsigned on x86: that is the operand
    order of its byte products, and the other one was measured to be slower than fp32.
    """

    name = "onnxruntime-int8"
    suffix = ".onnx"
    is_exact = False
    needs_calibration = True

    def probe(self, device: DeviceDescription) -> str | None:
        """Why this back end cannot compile for `device`, or None."""
        return probe_onnxruntime(device, "int8")

    def compile(
        self, source: Path, target: Path, *, device: DeviceDescription, calibration: npt.NDArray[Any] | None = None
    ) -> Path:
        """Quantise `source` with ranges from `calibration`; see `DeviceBackend.compile` for the errors."""
        if calibration is None or len(calibration) == 0:
            raise DeviceError("E642", "8-bit ranges need calibration samples", expected="samples of the train split")
        check_onnx(source)
        operators = {node.op_type for node in import_onnx().load(str(source)).graph.node}
        if not operators & HEAVY_OPERATORS:
            raise DeviceError(
                "E643",
                f"'{source.name}' has no operator that 8 bits make faster",
                got=", ".join(sorted(operators)),
                expected="one of " + ", ".join(sorted(HEAVY_OPERATORS)),
            )
        with tempfile.TemporaryDirectory(prefix="milonga-int8-", dir=target.parent) as folder:
            quantised = Path(folder) / "quantised.onnx"
            _quantise(source, quantised, device, calibration)
            model = import_onnx().load(str(quantised))
            clean_onnx(model)
            return save_onnx(model, target)

    def load(self, artefact: Path, *, threads: int) -> LoadedNetwork:
        """Load an artefact to run with that many threads."""
        return OnnxRuntimeNetwork(artefact, threads=threads)

    def versions(self) -> dict[str, str]:
        """Versions of onnx and onnxruntime."""
        return read_versions()


def needs_reduced_range(device: DeviceDescription) -> bool:
    """Whether weights must keep to 7 bits.

    On x86 without VNNI the byte product adds two 16-bit products with saturation, so that full-range weights give
    wrong sums (ONNX Runtime's documentation, "Quantize ONNX models", on reduce_range).
    """
    features = set(device.architecture.features)
    return device.int8_layout == "u8s8" and not features & {"avx512_vnni", "avx_vnni", "amx_int8"}


def nodes_before_weights(graph: Any) -> list[str]:
    """Names of the nodes between the input and the first convolutions or products: the normalisation stays in fp32."""
    early, names = {INPUT_NAME}, []
    constants = {item.name for item in graph.initializer}
    for node in graph.node:  # ONNX keeps nodes in topological order
        inputs = {name for name in node.input if name and name not in constants}
        if node.op_type not in HEAVY_OPERATORS and inputs and inputs <= early:
            early.update(node.output)
            names.append(node.name)
    return names


def _quantise(source: Path, target: Path, device: DeviceDescription, calibration: npt.NDArray[Any]) -> None:
    import_onnxruntime()
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    class Batches(CalibrationDataReader):  # type: ignore[misc]  # the base class has no types
        """Hands the samples out in batches."""

        def __init__(self) -> None:
            self._starts = iter(range(0, len(calibration), CALIBRATION_BATCH))

        def get_next(self) -> Any:
            """The next batch, None at the end."""
            start = next(self._starts, None)
            return None if start is None else {INPUT_NAME: calibration[start : start + CALIBRATION_BATCH]}

    unsigned = device.int8_layout == "u8s8"
    try:
        model = import_onnx().shape_inference.infer_shapes(import_onnx().load(str(source)))
        add_pre_process_metadata(model)  # else the tool warns that shapes should be inferred first, as they are
        quantize_static(
            model,
            str(target),
            Batches(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED_OPERATORS),
            nodes_to_exclude=nodes_before_weights(model.graph),
            per_channel=True,
            reduce_range=needs_reduced_range(device),
            activation_type=QuantType.QUInt8 if unsigned else QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )
    except Exception as reason:  # the tool raises whatever its many steps raise
        message = f"'{source.name}' cannot be quantised to 8 bits"
        got = f"{type(reason).__name__}: {reason}"[:500]
        raise DeviceError("E643", message, where=str(source), got=got) from reason
