"""From a data set to a trained network."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.model_input import ModelInput
from milonga.components.contracts.trained_model import EpochRecord, ModelDescription
from milonga.components.training.networks import build_network, find_family, find_plan
from milonga.components.training.samples import Samples, read_samples
from milonga.components.training.settings import NetworkHyperparameters
from milonga.errors import DataError, DeviceError, MissingExtra, UsageError

if TYPE_CHECKING:
    import torch

DeviceChoice = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class NetworkTraining:
    """A trained network that is not written yet.

    Attributes:
        description: what `model.json` will say.
        state: weights of the best epoch, on the CPU.
        best: record of that epoch.
    """

    description: ModelDescription
    state: dict[str, torch.Tensor]
    best: EpochRecord


def train_network(
    data: DataSplits,
    *,
    family: str,
    level: int,
    hyperparameters: NetworkHyperparameters,
    seed: int = 0,
    threads: int = 0,
    device: DeviceChoice = "auto",
    log: bool = True,
) -> NetworkTraining:
    """Train a network of `family` at `level` on the images of `data`; nothing is written.

    On the CPU the same arguments and the same number of threads give the same weights.

    Args:
        data: images.
        family: name of a registered family.
        level: 1 (smallest) to 5 (largest).
        hyperparameters: checked values.
        seed: of weights, order and augmentation; 0 or more.
        threads: CPU threads; 0 leaves torch's own choice.
        device: `auto` takes CUDA when there is one.
        log: whether a `key=value` line an epoch goes to stdout, which metrics collectors read.

    Raises:
        DataError: E550 (no images), E551 (too few samples), E552 (images too small), E553 (diverged).
        DeviceError: E690, CUDA was asked for and there is none.
        UsageError: E961, unknown family or level, or a negative seed or number of threads.
        MissingExtra: torch is not installed.
    """
    find_plan(family, level)
    if seed < 0 or threads < 0:
        raise UsageError("E961", "seed and threads must be 0 or more", got=f"seed {seed}, threads {threads}")
    samples = read_samples(data, kind="image")
    shape = _checked_input(samples, family=family, where=str(data.path))
    target = choose_device(device)
    from milonga.components.training.fitting import fit, reproducible

    description = samples.description
    with reproducible(seed=seed, threads=threads) as generator:
        network = build_network(
            family,
            level,
            channels=shape.channels,
            classes=len(description.classes),
            mean=samples.mean,
            std=samples.std,
        ).to(target)
        fitted = fit(network, samples, hyperparameters, generator=generator, report=_log if log else _ignore)
    return NetworkTraining(
        description=ModelDescription(
            framework="torch",
            family=family,
            level=level,
            input=shape,
            classes=description.classes,
            mean=samples.mean,
            std=samples.std,
            parameter_count=sum(parameter.numel() for parameter in network.parameters()),
            hyperparameters=asdict(hyperparameters),
            history=fitted.history,
            dataset_digest=description.digest,
            seed=seed,
        ),
        state=fitted.state,
        best=fitted.best,
    )


def choose_device(device: DeviceChoice) -> torch.device:
    """Where to train: `auto` takes CUDA when there is one.

    Raises:
        DeviceError: E690, CUDA was asked for and there is none.
        MissingExtra: torch is not installed.
    """
    try:
        import torch
    except ImportError as reason:
        raise MissingExtra.of("torch", "torch", "training a network") from reason
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        hint = "use device='auto', or ask for a GPU"
        raise DeviceError("E690", "no CUDA device is available", got=f"torch {torch.__version__}", hint=hint)
    return torch.device("cuda" if available and device != "cpu" else "cpu")


def _checked_input(samples: Samples, *, family: str, where: str) -> ModelInput:
    image = samples.description.image
    smallest_px = find_family(family).smallest_px
    if image is None or min(image.height, image.width) < smallest_px:
        got = "no image" if image is None else f"{image.height} x {image.width} pixels"
        expected = f"{smallest_px} x {smallest_px} pixels or more"
        raise DataError("E552", f"images are too small for {family}", where=where, got=got, expected=expected)
    return ModelInput(kind="image", height=image.height, width=image.width, channels=image.channels)


def _log(record: EpochRecord, learning_rate: float) -> None:
    fields = asdict(record) | {"learning_rate": learning_rate}
    line = " ".join(f"{name}={value:.6g}" for name, value in fields.items())
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _ignore(record: EpochRecord, learning_rate: float) -> None:
    pass
