"""Compiles one ONNX file with every back end, checks the results against the reference, and measures them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.compiled_model import CompiledCandidate, file_sha256
from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.contracts.latency_table import LatencyRow
from milonga.components.device_compilation.backends import load_backends
from milonga.components.device_compilation.measurement import measure_artefacts
from milonga.components.device_compilation.measurement_process import MeasurementError, MeasurementProcess
from milonga.components.device_compilation.timing import Artefact, Timing
from milonga.errors import DeviceError

if TYPE_CHECKING:
    import numpy.typing as npt

PARITY_LIMIT = 1e-4
"""Largest error of an exact artefact, relative to the largest probability; the worst one observed is 1.2e-5."""
TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate with what selection needs beyond the stored record.

    Args:
        record: what `compiled.json` will say.
        path: the artefact, None when nothing was compiled.
        timing: its times, None when it was not measured.
    """

    record: CompiledCandidate
    path: Path | None = None
    timing: Timing | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the trained model says about the validation split.

    Args:
        samples: NumPy file with the stored samples.
        labels: int64 `[n]`.
        probabilities: `[n, classes]`, of the trained model.
    """

    samples: Path
    labels: npt.NDArray[Any]
    probabilities: npt.NDArray[Any]

    @property
    def accuracy(self) -> float:
        """Accuracy of the trained model."""
        return float((self.probabilities.argmax(axis=1) == self.labels).mean())


def require_measurable(device: DeviceDescription) -> None:
    """Refuse a device that this machine is not and cannot reach: a number from here would not be its number.

    Raises:
        DeviceError: E650.
    """
    if not device.is_measurable:
        raise DeviceError(
            "E650",
            f"nothing can be measured on '{device.name}' from this machine",
            got=f"a {device.provenance} profile with executor '{device.executor}'",
            expected="a profile with executor 'local'",
            hint="run this step on the device itself, with the profile 'host'",
        )


def compile_candidates(
    source: Path, folder: Path, *, device: DeviceDescription, calibration: npt.NDArray[Any]
) -> list[Candidate]:
    """Compile `source` into `folder` with every back end; one that cannot is a candidate with a reason."""
    candidates: list[Candidate] = []
    for backend in load_backends():
        record = CompiledCandidate(artefact=backend.name, status="refused")
        reason = backend.probe(device)
        if reason is not None:
            candidates.append(Candidate(replace(record, reason=reason)))
            continue
        target = folder / f"{backend.name}{backend.suffix}"
        samples = calibration if backend.needs_calibration else None
        try:
            backend.compile(source, target, device=device, calibration=samples)
        except DeviceError as error:
            text = f"{error.message}; got {error.got}" if error.got else error.message
            candidates.append(Candidate(replace(record, reason=text)))
            continue
        compiled = replace(record, size_bytes=target.stat().st_size, sha256=file_sha256(target))
        candidates.append(Candidate(compiled, path=target))
    return candidates


def check_numbers(
    candidates: list[Candidate], *, expectation: Expectation, threads: int, sample_shape: tuple[int, ...]
) -> list[Candidate]:
    """Add parity, agreement and accuracy; what breaks, or is exact by promise and is not, fails with a reason."""
    exact = {backend.name for backend in load_backends() if backend.is_exact}
    checked: list[Candidate] = []
    for candidate in candidates:
        if candidate.path is None:
            checked.append(candidate)
            continue
        artefact = Artefact(candidate.record.artefact, candidate.path, sample_shape)
        process = MeasurementProcess(artefact, threads=threads, timeout_s=TIMEOUT_S)
        try:
            probabilities = process.predict(expectation.samples)
        except MeasurementError as reason:
            checked.append(_failed(candidate, str(reason)))
            continue
        finally:
            process.close()
        checked.append(_compare(candidate, probabilities, expectation, is_exact=candidate.record.artefact in exact))
    return checked


def measure_candidates(candidates: list[Candidate], *, threads: int, sample_shape: tuple[int, ...]) -> list[Candidate]:
    """Time all compiled candidates that have not failed, against each other."""
    ready = [item for item in candidates if item.path is not None and item.record.status != "failed"]
    artefacts = [Artefact(item.record.artefact, item.path, sample_shape) for item in ready if item.path is not None]
    results = measure_artefacts(artefacts, threads=threads, timeout_s=TIMEOUT_S)
    measured = {id(item): _timed(item, result) for item, result in zip(ready, results, strict=True)}
    return [measured.get(id(item), item) for item in candidates]


def table_row(candidate: Candidate, family: str, level: int | None, parameter_count: int) -> LatencyRow:
    """The row of a latency table for a candidate."""
    record = candidate.record
    return LatencyRow(
        family=family,
        level=level,
        artefact=record.artefact,
        status=record.status,
        reason=record.reason,
        parameter_count=parameter_count,
        size_bytes=record.size_bytes,
        p50_ms=record.p50_ms,
        p95_ms=record.p95_ms,
        samples=record.samples,
        threads=record.threads,
    )


def _compare(
    candidate: Candidate, probabilities: npt.NDArray[Any], expectation: Expectation, *, is_exact: bool
) -> Candidate:
    import numpy as np

    reference = expectation.probabilities
    if probabilities.shape != reference.shape or not np.isfinite(probabilities).all():
        return _failed(candidate, f"it gives {list(probabilities.shape)} with NaN, or of another shape than the model")
    error = float(np.abs(probabilities - reference).max() / np.abs(reference).max())
    accuracy = float((probabilities.argmax(axis=1) == expectation.labels).mean())
    record = replace(
        candidate.record,
        parity_max_relative_error=error,
        top1_agreement=float((probabilities.argmax(axis=1) == reference.argmax(axis=1)).mean()),
        validation_accuracy=accuracy,
        accuracy_drop=expectation.accuracy - accuracy,
    )
    compared = replace(candidate, record=record)
    if is_exact and error > PARITY_LIMIT:
        return _failed(compared, f"relative error {error:.3g} against the trained model, above {PARITY_LIMIT:g}")
    return compared


def _timed(candidate: Candidate, result: Timing | str) -> Candidate:
    if isinstance(result, str):
        return _failed(candidate, result)
    remark = ""
    if result.is_noisy:
        remark = f"noisy: other work disturbed it; its CPU time is p50 {result.cpu_p50_ms:.4g} ms, "
        remark += f"p95 {result.cpu_p95_ms:.4g} ms"
    record = replace(
        candidate.record,
        status="measured",
        reason=remark,
        p50_ms=result.p50_ms,
        p95_ms=result.p95_ms,
        samples=result.samples,
        threads=result.threads,
    )
    return replace(candidate, record=record, timing=result)


def _failed(candidate: Candidate, reason: str) -> Candidate:
    return replace(candidate, record=replace(candidate.record, status="failed", reason=reason))
