"""What a device back end must offer. `milonga.testing.device_backend_conformance` holds the tests for any of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from milonga.components.contracts.device_profile import DeviceDescription

if TYPE_CHECKING:
    import numpy.typing as npt


class LoadedNetwork(Protocol):
    """A network ready to run. Belongs to the thread that loaded it."""

    def run(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Class probabilities, float32 `[n, classes]`, of samples as the network takes them, float32 `[n, ...]`."""
        ...


class DeviceBackend(Protocol):
    """Compiles an ONNX file for one runtime and one number format, and runs the result on this machine.

    Stateless: every method may be called at any time, from any thread. Compilation raises `DeviceError`; it never
    leaves a half-written artefact.

    Attributes:
        name: name of its artefacts, such as `onnxruntime-int8`; never changes, it stands in stored files.
        suffix: end of its artefacts' file names, such as `.onnx`.
        is_exact: whether its numbers must agree with the trained network's up to rounding. Others are judged by
            their accuracy alone.
        needs_calibration: whether `compile` needs samples to find ranges of activations.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def suffix(self) -> str: ...  # noqa: D102

    @property
    def is_exact(self) -> bool: ...  # noqa: D102

    @property
    def needs_calibration(self) -> bool: ...  # noqa: D102

    def probe(self, device: DeviceDescription) -> str | None:
        """Why this back end cannot compile for `device`, or None when it can. Cheap; imports no runtime."""
        ...

    def compile(
        self, source: Path, target: Path, *, device: DeviceDescription, calibration: npt.NDArray[Any] | None = None
    ) -> Path:
        """Write the artefact for `source` to `target`.

        Args:
            source: ONNX file with the input `input` and the output `probabilities`.
            target: path of the artefact.
            device: what to compile for.
            calibration: float32 samples `[n, ...]` from the training split.

        Returns:
            `target`.

        Raises:
            DeviceError: E641 the source is no usable ONNX file, E642 calibration samples are missing,
                E643 this network cannot be compiled by this back end.
        """
        ...

    def load(self, artefact: Path, *, threads: int) -> LoadedNetwork:
        """Load an artefact to run with that many threads.

        Raises:
            DeviceError: E644, the runtime does not accept the file.
        """
        ...

    def versions(self) -> dict[str, str]:
        """Distribution name to version of what compiles and runs the artefacts."""
        ...
