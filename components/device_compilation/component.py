"""The components `measure_levels` and `compile_model`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.device_profile import DeviceProfile
from milonga.components.contracts.latency_table import LatencyTable
from milonga.components.contracts.trained_model import TrainedModel
from milonga.dsl import component

TORCH_PACKAGES = [
    "numpy>=1.26,<3",
    "torch>=2.6",
    "safetensors>=0.4",
    "onnxscript>=0.5",
    "onnx>=1.17,<2",
    "onnxruntime>=1.20",
]


class Measured(NamedTuple):
    """What `measure_levels` returns."""

    table: LatencyTable
    level: int
    fastest_p95_ms: float


class Compiled(NamedTuple):
    """What `compile_model` returns."""

    model: CompiledModel
    table: LatencyTable
    artefact: str
    p50_ms: float
    p95_ms: float


@component(packages=TORCH_PACKAGES, cpu="2", memory="4Gi")
def measure_levels(
    data: DataSplits,
    device: DeviceProfile,
    *,
    family: Literal["resnet", "densenet"] = "resnet",
    levels: list[int] = [1, 2, 3, 4, 5],  # noqa: B006 - recorded as JSON at declaration, never mutated
    headroom: float = 0.2,
) -> Measured:
    """Time each size of a family of networks on the device, untrained, and name the largest one that fits.

    Args:
        data: images; they give the shape of the input, and batch-norm statistics from the training split.
        device: what to measure on, with its limits.
        family: family of networks.
        levels: sizes to measure, 1 to 5.
        headroom: share of the latency limit that the level should leave free for the later, final measurement,
            0 to 1; where no level leaves it, the limit itself decides.

    Returns:
        All measurements; the highest level with an artefact within the limits of latency and size; and the 95th
        percentile of the time for one sample of the fastest artefact at that level, in milliseconds.

    Raises:
        LimitNotMet: E610 (latency), E611 (size), E613 (both together): no level fits; names the fastest achieved.
        DeviceError: E650 the device is not this machine, E651 nothing could be measured.
        DataError: E528 the data are no images.
        UsageError: E961 an unknown family or level.
    """
    from milonga.components.device_compilation.levels import measure_family

    choice = measure_family(data, device.read(), family=family, levels=levels, headroom=headroom)
    table = LatencyTable.create_file("table")
    table.write(choice.report)
    return Measured(table, choice.level, choice.fastest_p95_ms)


@component(packages=[*TORCH_PACKAGES, "scikit-learn>=1.5", "skops>=0.11"], cpu="2", memory="4Gi")
def compile_model(model: TrainedModel, data: DataSplits, device: DeviceProfile) -> Compiled:
    """Compile a trained model in every way that the device allows, check and measure each, and keep the best.

    Limits of the profile are hard. Among the artefacts that keep them the fastest wins; within 10 % the smallest.

    Args:
        model: what to compile.
        data: the data set that it was trained on. Ranges for 8 bits come from its training split, accuracy is
            measured on its validation split.
        device: what to compile for, with its limits.

    Returns:
        The compiled model; all candidates as a table; the chosen artefact's name; median and 95th percentile of
        its time for one sample, in milliseconds.

    Raises:
        LimitNotMet: E610 (latency), E611 (size), E612 (accuracy), E613 (all together); lists what was achieved.
        DeviceError: E645 no export to ONNX, E650 the device is not this machine, E651 nothing could be measured.
        DataError: E526 an empty split, E527 the model was trained on other data.
    """
    from milonga.components.device_compilation.compiling import compile_trained

    compiled = CompiledModel.create("model")
    result = compile_trained(model, data, device.read(), target=compiled)
    table = LatencyTable.create_file("table")
    table.write(result.report)
    chosen = result.description.chosen_candidate
    return Compiled(compiled, table, chosen.artefact, chosen.p50_ms or 0.0, chosen.p95_ms or 0.0)
