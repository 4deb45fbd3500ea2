"""Times every size of a family of networks on the device before anything is trained, and says which sizes fit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.device_profile import DeviceDescription
from milonga.components.contracts.latency_table import LatencyReport
from milonga.components.contracts.model_input import ModelInput
from milonga.components.device_compilation.candidates import (
    Candidate,
    compile_candidates,
    measure_candidates,
    require_measurable,
    table_row,
)
from milonga.components.device_compilation.network_input import calibration_samples
from milonga.components.device_compilation.selection import achieved, checks, fastest
from milonga.errors import DataError, DeviceError, LimitNotMet, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

SAMPLES = 64
"""Training samples for batch-norm statistics and 8-bit ranges; the weights are random, so more would not help."""


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """All rows, the highest level that fits, and the p95 of the fastest artefact at that level that fits."""

    report: LatencyReport
    level: int
    fastest_p95_ms: float


def measure_family(
    data: DataSplits,
    device: DeviceDescription,
    *,
    family: str,
    levels: Sequence[object],
    headroom: float = 0.0,
    seed: int = 0,
) -> LevelChoice:
    """Measure untrained networks of `family` at each of `levels`, of the data's input shape.

    `headroom` is the share of the latency limit that the chosen level should leave free, since the trained network is
    measured again later, on a machine that may be busier then. Where no level leaves it, the limit itself decides.

    Raises:
        DeviceError: E650 the device is not this machine, E651 nothing could be measured.
        LimitNotMet: E610 (latency), E611 (size), E613 (both together): no level fits; it names the fastest.
        DataError: E528 the data are no images; those of `DataSplits`.
        UsageError: E961 an unknown family or level.
    """
    if not 0 <= headroom < 1:
        raise UsageError("E961", "0 <= headroom < 1 must hold", got=repr(headroom))
    require_measurable(device)
    form, classes = _image_form(data)
    wanted = sorted({_whole(level) for level in levels})
    if not wanted:
        raise UsageError("E961", "no level to measure", got="an empty list", expected="levels from 1 to 5")
    samples, _ = calibration_samples(data, limit=SAMPLES)
    found: list[tuple[int, int, Candidate]] = []
    with tempfile.TemporaryDirectory(prefix="milonga-levels-") as name:
        for level in wanted:
            folder = Path(name) / str(level)
            folder.mkdir()
            count = _export_untrained(
                folder / "exported.onnx", family, level, form=form, classes=classes, samples=samples, seed=seed
            )
            compiled = compile_candidates(folder / "exported.onnx", folder, device=device, calibration=samples)
            found += [(level, count, candidate) for candidate in compiled]
        candidates = [candidate for _, _, candidate in found]
        measured = measure_candidates(candidates, threads=device.threads, sample_shape=form.sample_shape)
    rows = [(level, count, item) for (level, count, _), item in zip(found, measured, strict=True)]
    table = tuple(table_row(item, family, level, count) for level, count, item in rows)
    pairs = [(level, item) for level, _, item in rows]
    return _choose(LatencyReport(device.name, table), pairs, device, headroom)


def _whole(level: object) -> int:
    """A level that may have become a float on its way, as all numbers of a KFP list do."""
    if not isinstance(level, (int, float)) or level != int(level):
        raise UsageError("E961", "a level must be a whole number", got=repr(level), expected="1 to 5")
    return int(level)


def _choose(
    report: LatencyReport, rows: list[tuple[int, Candidate]], device: DeviceDescription, headroom: float
) -> LevelChoice:
    measured = [(level, item) for level, item in rows if item.record.status == "measured"]
    if not measured:
        reasons = "; ".join(f"level {row.level} {row.artefact}: {row.reason}" for row in report.candidates)
        raise DeviceError("E651", f"no network could be measured on '{device.name}'", got=reasons[:1000])
    # Accuracy cannot be judged before training; its limit is left to `compile_model`.
    limits = checks(replace(device.limits, accuracy_drop_max=None))
    fit = [(level, item) for level, item in measured if all(keeps(item.record) for _, _, keeps in limits)]
    if not fit:
        raise _nothing_fits(measured, limits, device)
    limit = device.limits.latency_p95_ms
    easy = [level for level, item in fit if limit is None or (item.record.p95_ms or 0.0) <= limit * (1 - headroom)]
    level = max(easy or [level for level, _ in fit])
    best = fastest([item for other, item in fit if other == level])
    return LevelChoice(report, level, best.record.p95_ms or 0.0)


def _nothing_fits(measured: list[tuple[int, Candidate]], limits: list[Any], device: DeviceDescription) -> LimitNotMet:
    level, item = min(measured, key=lambda row: row[1].record.p95_ms or 0.0)
    small_level, small = min(measured, key=lambda row: row[1].record.size_bytes or 0)
    expected = ", ".join(text for _, text, _ in limits)
    missed = [code for code, _, keeps in limits if not any(keeps(row.record) for _, row in measured)]
    code = missed[0] if missed else "E613"
    if code == "E611":
        best = f"the smallest is level {small_level} as {achieved(small.record)}"
    else:
        best = f"the fastest is level {level} as {achieved(item.record)}"
    return LimitNotMet(
        code,
        f"no level keeps the limits of '{device.name}' ({expected}): {best}",
        got=f"level {level}, {achieved(item.record)}",
        expected=expected,
        hint="raise the limit, use smaller images, or another device",
    )


def _image_form(data: DataSplits) -> tuple[ModelInput, int]:
    description = data.read()
    if description.image is None:
        message = "levels are sizes of networks for images"
        raise DataError("E528", message, where=str(data.path), got=description.kind, expected="image")
    image = description.image
    form = ModelInput(kind="image", height=image.height, width=image.width, channels=image.channels)
    return form, len(description.classes)


def _export_untrained(
    target: Path, family: str, level: int, *, form: ModelInput, classes: int, samples: npt.NDArray[Any], seed: int
) -> int:
    """Write an untrained network whose activations have the size of a trained one's; its parameter count."""
    import torch

    from milonga.components.device_compilation.export_network import export_network
    from milonga.components.training.networks import build_network

    mean, std = samples.mean(axis=(0, 2, 3)), samples.std(axis=(0, 2, 3)).clip(min=1e-3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network(
            family, level, channels=form.channels, classes=classes, mean=mean.tolist(), std=std.tolist()
        )
    refresh_statistics(network, samples)
    export_network(network, target, form=form)
    return sum(parameter.numel() for parameter in network.parameters())


def refresh_statistics(network: torch.nn.Module, samples: npt.NDArray[Any]) -> None:
    """Set batch-norm statistics from real samples; without them 8-bit ranges of a fresh network mean nothing.

    Scales that start at 0, as in residual blocks, are set to 1: whole branches would fold to zero otherwise.
    """
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)
            module.reset_running_stats()
            module.momentum = None  # a plain average over all batches
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(samples))
    network.eval()
