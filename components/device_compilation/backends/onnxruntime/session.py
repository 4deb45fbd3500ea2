"""Loads and runs ONNX files with ONNX Runtime. The only module of this folder that imports the runtime itself."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.contracts.model_input import INPUT_NAME, OUTPUT_NAME
from milonga.errors import DeviceError, MissingExtra

if TYPE_CHECKING:
    import numpy.typing as npt

ERRORS_ONLY = 3
"""Severity of ONNX Runtime's log: its warnings are about optimisations that nobody here can act on."""


def import_onnxruntime() -> Any:
    """The module `onnxruntime`, with its telemetry off.

    Since about 1.29 it sends usage events from Linux too, and the Python switch comes too late for the first one
    (microsoft/onnxruntime#27379, #25573): the variable must stand before the import.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as reason:
        raise MissingExtra.of("onnxruntime", "devices", "compiling a network for a device") from reason
    return onnxruntime


def probe_onnxruntime(device: DeviceDescription, precision: str) -> str | None:
    """Why ONNX Runtime cannot serve `precision` on `device`, or None."""
    if not any(runtime.name == "onnxruntime" for runtime in device.runtimes):
        return f"the profile of '{device.name}' lists no onnxruntime"
    if precision not in device.precisions:
        return f"the profile of '{device.name}' does not list {precision}"
    try:
        importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError:
        return "the package onnxruntime is not installed here (pip install 'milonga[devices]')"
    return None


def read_versions() -> dict[str, str]:
    """Versions of the packages that make and run the artefacts."""
    return {name: importlib.metadata.version(name) for name in ("onnx", "onnxruntime")}


class OnnxRuntimeNetwork:
    """An ONNX Runtime session with a fixed number of threads, its default optimisations and no other provider."""

    def __init__(self, artefact: Path, *, threads: int) -> None:
        runtime = import_onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        try:
            self._session = runtime.InferenceSession(str(artefact), options, providers=["CPUExecutionProvider"])
        except Exception as reason:  # the runtime's own exception classes have no public common base
            message = f"ONNX Runtime does not accept '{artefact.name}'"
            raise DeviceError("E644", message, where=str(artefact), got=str(reason)[:500]) from reason

    def run(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Class probabilities of a batch; see `LoadedNetwork`."""
        result: npt.NDArray[Any] = self._session.run([OUTPUT_NAME], {INPUT_NAME: samples})[0]
        return result
