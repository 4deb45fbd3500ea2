"""The reference back end: the exported network as it is, run by ONNX Runtime with its default optimisations."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.device_compilation.backends.base import LoadedNetwork
from milonga.components.device_compilation.backends.onnxruntime.session import (
    OnnxRuntimeNetwork,
    probe_onnxruntime,
    read_versions,
)
from milonga.components.device_compilation.onnx_file import check_onnx

if TYPE_CHECKING:
    import numpy.typing as npt


class OnnxRuntimeFp32:
    """Back end `onnxruntime-fp32`; the contract is `DeviceBackend`."""

    name = "onnxruntime-fp32"
    suffix = ".onnx"
    is_exact = True
    needs_calibration = False

    def probe(self, device: DeviceDescription) -> str | None:
        """Why this back end cannot compile for `device`, or None."""
        return probe_onnxruntime(device, "fp32")

    def compile(
        self, source: Path, target: Path, *, device: DeviceDescription, calibration: npt.NDArray[Any] | None = None
    ) -> Path:
        """Check `source` and copy it to `target`."""
        check_onnx(source)
        shutil.copyfile(source, target)
        return target

    def load(self, artefact: Path, *, threads: int) -> LoadedNetwork:
        """Load an artefact to run with that many threads."""
        return OnnxRuntimeNetwork(artefact, threads=threads)

    def versions(self) -> dict[str, str]:
        """Versions of onnx and onnxruntime."""
        return read_versions()
