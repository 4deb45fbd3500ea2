"""From a trained model to the folder of a compiled one: export, compile, check, measure, choose, then write."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from milonga.components.contracts.compiled_model import CompiledCandidate, CompiledDescription, CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.contracts.latency_table import LatencyReport
from milonga.components.contracts.trained_model import ModelDescription, TrainedModel
from milonga.components.device_compilation.backends import load_backends
from milonga.components.device_compilation.candidates import (
    Candidate,
    Expectation,
    check_numbers,
    compile_candidates,
    measure_candidates,
    require_measurable,
    table_row,
)
from milonga.components.device_compilation.network_input import calibration_samples
from milonga.components.device_compilation.reference import Reference
from milonga.components.device_compilation.selection import select_candidate
from milonga.errors import DataError


@dataclass(frozen=True, slots=True)
class Compilation:
    """What compilation found: the description that was written, and the table of all candidates."""

    description: CompiledDescription
    report: LatencyReport


def compile_trained(
    model: TrainedModel, data: DataSplits, device: DeviceDescription, *, target: CompiledModel
) -> Compilation:
    """Compile `model` for `device` into the folder `target`, which stays empty when anything fails.

    Raises:
        DeviceError: E645 no export, E650 the device is not this machine, E651 nothing could be measured.
        LimitNotMet: E610 to E613, measured and over a limit.
        DataError: E526 an empty split, E527 the model and the data do not belong together; those of both contracts.
        MissingExtra: a package is not installed.
    """
    require_measurable(device)
    reference = Reference(model)
    _require_same_data(reference.description, data)
    expectation = _expectation(reference, data)
    calibration, record = calibration_samples(data)
    shape = reference.description.input.sample_shape
    with tempfile.TemporaryDirectory(prefix="milonga-compile-") as name:
        folder = Path(name)
        opset = reference.export(folder / "exported.onnx")
        found = compile_candidates(folder / "exported.onnx", folder, device=device, calibration=calibration)
        found = check_numbers(found, expectation=expectation, threads=device.threads, sample_shape=shape)
        found = measure_candidates(found, threads=device.threads, sample_shape=shape)
        chosen = select_candidate(found, limits=device.limits, device=device.name)
        needs_calibration = {backend.name for backend in load_backends() if backend.needs_calibration}
        calibrated = any(item.path is not None and item.record.artefact in needs_calibration for item in found)
        trained = reference.description
        description = CompiledDescription(
            device=device.name,
            chosen=chosen.record.artefact,
            family=trained.family,
            level=trained.level,
            classes=trained.classes,
            input=trained.input,
            mean=trained.mean,
            std=trained.std,
            limits=device.limits,
            candidates=tuple(_copy(item, target.path) for item in found),
            runtime_versions=_versions(trained.framework),
            calibration=record if calibrated else None,
            opset=opset,
        )
        shutil.copyfile(target.path / _file_name(chosen), target.onnx_path)
        target.write(description)
    rows = tuple(table_row(item, trained.family, trained.level, trained.parameter_count) for item in found)
    return Compilation(description, LatencyReport(device.name, rows))


def _require_same_data(trained: ModelDescription, data: DataSplits) -> None:
    description = data.read()
    if description.digest != trained.dataset_digest:
        raise DataError(
            "E527",
            "the model was trained on another data set: what it loses by compilation cannot be judged on this one",
            where=str(data.path),
            got=description.digest,
            expected=trained.dataset_digest,
            hint="pass the data set that the training step got",
        )


def _expectation(reference: Reference, data: DataSplits) -> Expectation:
    stored, labels = data.load_split("validation")
    if len(stored) == 0:
        message = "the validation split is empty, so that accuracy cannot be judged"
        raise DataError("E526", message, where=str(data.path), expected="validation samples")
    return Expectation(data.path / "validation" / "x.npy", labels, reference.predict(stored))


def _copy(candidate: Candidate, folder: Path) -> CompiledCandidate:
    if candidate.path is None:
        return candidate.record
    target = folder / _file_name(candidate)
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(candidate.path, target)
    return replace(candidate.record, file=_file_name(candidate))


def _file_name(candidate: Candidate) -> str:
    return f"candidates/{candidate.path.name}" if candidate.path is not None else ""


def _versions(framework: str) -> dict[str, str]:
    versions: dict[str, str] = {}
    for backend in load_backends():
        versions.update(backend.versions())
    package = {"torch": "torch", "sklearn": "scikit-learn"}[framework]
    return {**versions, package: importlib.metadata.version(package)}
