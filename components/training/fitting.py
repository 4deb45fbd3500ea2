"""Fits a network: AdamW, warm-up and cosine, the best epoch by validation is kept. Knows no files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.trained_model import EpochRecord
from milonga.components.training.adamw import AdamW
from milonga.components.training.augmentation import augment
from milonga.components.training.samples import Samples
from milonga.components.training.settings import NetworkHyperparameters
from milonga.errors import DataError

if TYPE_CHECKING:
    import torch

WARM_UP = 0.1
"""Share of all steps in which the learning rate rises."""

Report = Callable[[EpochRecord, float], None]
"""Is told each epoch's record and the learning rate at its end."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The best epoch of a training.

    Attributes:
        state: weights after that epoch, on the CPU.
        history: all epochs.
        best: the record of the epoch that `state` is from.
    """

    state: dict[str, torch.Tensor]
    history: tuple[EpochRecord, ...]
    best: EpochRecord


def learning_rate_at(step: int, *, steps: int, peak: float) -> float:
    """The learning rate of step 0 <= `step` < `steps`: a linear rise over the first tenth, then half a cosine to 0.

    Source of the shape: Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts; warm-up as in arXiv 1706.02677.
    """
    rise = max(1, round(steps * WARM_UP))
    if step < rise:
        return peak * (step + 1) / rise
    return peak * 0.5 * (1.0 + math.cos(math.pi * (step + 1 - rise) / max(1, steps - rise)))


def fit(
    network: torch.nn.Module,
    samples: Samples,
    hyperparameters: NetworkHyperparameters,
    *,
    generator: torch.Generator,
    report: Report,
) -> Fitted:
    """Train `network` in place, on the device where it is.

    Of epochs with equal validation accuracy the one of lower validation loss is better, then the earlier.

    Raises:
        DataError: E553, the loss is not finite any more.
    """
    optimizer = AdamW(network.parameters(), weight_decay=hyperparameters.weight_decay)
    batches = _batch_count(len(samples.train_y), hyperparameters.batch_size)
    steps = batches * hyperparameters.epochs
    history: list[EpochRecord] = []
    best: EpochRecord | None = None
    state: dict[str, Any] = {}
    for epoch in range(1, hyperparameters.epochs + 1):
        train_loss = _pass(network, samples, hyperparameters, optimizer, generator, first=(epoch - 1) * batches)
        validation_loss, accuracy = evaluate(network, samples.validation_x, samples.validation_y)
        if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
            raise DataError(
                "E553",
                "the training diverged: its loss is not finite",
                where=f"epoch {epoch} of {hyperparameters.epochs}",
                got=f"train loss {train_loss}, validation loss {validation_loss}",
                hint=f"lower the learning rate, which is {hyperparameters.learning_rate:g}",
            )
        record = EpochRecord(epoch, train_loss, validation_loss, accuracy)
        history.append(record)
        report(record, learning_rate_at(epoch * batches - 1, steps=steps, peak=hyperparameters.learning_rate))
        if best is None or (accuracy, -validation_loss) > (best.validation_accuracy, -best.validation_loss):
            best = record
            state = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
    if best is None:
        raise ValueError("a training of one epoch or more must hold")
    return Fitted(state, tuple(history), best)


def evaluate(network: torch.nn.Module, x: Any, y: Any, *, batch_size: int = 512) -> tuple[float, float]:
    """Mean cross-entropy in nats and accuracy, 0 to 1, of `network` in evaluation mode; its mode is left so.

    Args:
        network: takes pixels scaled to 0..1, returns logits.
        x: uint8 `[n, height, width, channels]`, n > 0.
        y: int64 `[n]`.
        batch_size: samples at a time.
    """
    import torch
    from torch.nn import functional

    device = next(network.parameters()).device
    network.eval()
    loss, right = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(y), batch_size):
            pixels, labels = to_tensors(x[start : start + batch_size], y[start : start + batch_size], device)
            logits = network(pixels)
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            right += int((logits.argmax(1) == labels).sum())
    return loss / len(y), right / len(y)


def to_tensors(x: Any, y: Any, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Images uint8 NHWC as float32 NCHW scaled to 0..1, and labels int64, on `device`."""
    import numpy
    import torch

    pixels = torch.from_numpy(numpy.array(x)).to(device).permute(0, 3, 1, 2)
    return pixels.float().div_(255.0).contiguous(), torch.from_numpy(numpy.array(y)).to(device)


def _pass(
    network: torch.nn.Module,
    samples: Samples,
    hyperparameters: NetworkHyperparameters,
    optimizer: AdamW,
    generator: torch.Generator,
    *,
    first: int,
) -> float:
    """One epoch of training; the mean loss over its samples. `first` is the number of its first step."""
    import torch
    from torch.nn import functional

    device = next(network.parameters()).device
    count = len(samples.train_y)
    batches = _batch_count(count, hyperparameters.batch_size)
    order = torch.randperm(count, generator=generator).numpy()
    total = torch.zeros((), device=device)
    network.train()
    for index in range(batches):
        start = index * hyperparameters.batch_size
        # The last batch takes the rest: a batch of one sample would have no variance to normalise by.
        rows = order[start:] if index == batches - 1 else order[start : start + hyperparameters.batch_size]
        pixels, labels = to_tensors(samples.train_x[rows], samples.train_y[rows], device)
        pixels = augment(pixels, kind=hyperparameters.augment, generator=generator)
        rate = learning_rate_at(
            first + index, steps=batches * hyperparameters.epochs, peak=hyperparameters.learning_rate
        )
        loss = functional.cross_entropy(network(pixels), labels, label_smoothing=hyperparameters.label_smoothing)
        loss.backward()
        optimizer.step(rate)
        total += loss.detach() * len(rows)
    return float(total) / count


def _batch_count(samples: int, batch_size: int) -> int:
    """Batches an epoch; a rest of one sample joins the batch before it."""
    full, rest = divmod(samples, batch_size)
    return max(1, full + (rest > 1))


@contextmanager
def reproducible(*, seed: int, threads: int) -> Iterator[torch.Generator]:
    """Seeds torch for the code inside and puts its random state, threads and cuDNN's flags back after it.

    Args:
        seed: of weights, order and augmentation.
        threads: that torch may use; 0 leaves torch's own choice.

    Yields:
        A CPU generator, for order and augmentation.
    """
    import torch

    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), torch.backends.cudnn.flags(deterministic=True, benchmark=False):
        torch.manual_seed(seed)
        if threads:
            torch.set_num_threads(threads)
        try:
            yield torch.Generator().manual_seed(seed)
        finally:
            torch.set_num_threads(before)
