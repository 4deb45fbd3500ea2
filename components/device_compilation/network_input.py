"""Turns stored samples into what a network takes, and names sets of them by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.compiled_model import Calibration
from milonga.components.contracts.data_splits import DataSplits
from milonga.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

CALIBRATION_SAMPLES = 256
BATCH = 256


def to_network_input(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Stored samples as a network takes them.

    Args:
        samples: uint8 `[n, height, width, channels]`, or float32 `[n, features]`.

    Returns:
        float32 `[n, channels, height, width]` scaled to 0..1, or the table rows as they are; C-contiguous.
    """
    import numpy as np

    if samples.dtype == np.uint8:
        return np.ascontiguousarray(samples.transpose(0, 3, 1, 2), dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(samples, dtype=np.float32)


def batches(stored: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Stored samples, which may be a memory map, as consecutive network inputs of at most `BATCH` samples."""
    for start in range(0, len(stored), BATCH):
        yield to_network_input(stored[start : start + BATCH])


def calibration_samples(data: DataSplits, *, limit: int = CALIBRATION_SAMPLES) -> tuple[npt.NDArray[Any], Calibration]:
    """Evenly spaced samples of the training split, and the record of which they are.

    Evaluation and test samples are never used: ranges fitted to them would flatter the accuracy measured on them.

    Raises:
        DataError: E526, the training split is empty; those of `DataSplits`.
    """
    import numpy as np

    stored, _ = data.load_split("train")
    if len(stored) == 0:
        raise DataError("E526", "the training split is empty", where=str(data.path), expected="training samples")
    rows = np.unique(np.linspace(0, len(stored) - 1, num=min(limit, len(stored))).round().astype(np.int64))
    samples = to_network_input(stored[rows])
    digest = hashlib.sha256(str(samples.shape).encode() + samples.astype("<f4").tobytes()).hexdigest()
    return samples, Calibration(split="train", samples=len(samples), digest=f"sha256:{digest}")
