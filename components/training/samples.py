"""Reads the splits that a training needs and refuses what cannot be learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from milonga.components.contracts.data_splits import DatasetDescription, DataSplits
from milonga.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Samples:
    """Train and validation split of one data set, with the train split's statistics.

    Attributes:
        description: of the data set.
        train_x: uint8 `[n, height, width, channels]` or float32 `[n, features]`; may be a memory map.
        train_y: int64 `[n]`, index into the classes.
        validation_x: like `train_x`.
        validation_y: like `train_y`.
        mean: per channel, of pixels scaled to 0..1, or per feature.
        std: likewise the standard deviation; 1 for a channel or feature that never changes.
    """

    description: DatasetDescription
    train_x: npt.NDArray[Any]
    train_y: npt.NDArray[np.int64]
    validation_x: npt.NDArray[Any]
    validation_y: npt.NDArray[np.int64]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def read_samples(data: DataSplits, *, kind: Literal["image", "table"]) -> Samples:
    """The train and validation split of `data`, which must be of `kind`.

    Raises:
        DataError: E550 (another kind), E551 (too few samples to train or to validate); those of `DataSplits`.
    """
    description = data.read()
    where = str(data.path)
    if description.kind != kind:
        hint = "use train for images" if description.kind == "image" else "use train_table for tables"
        message = f"this training takes data of kind '{kind}'"
        raise DataError("E550", message, where=where, got=description.kind, expected=kind, hint=hint)
    train_x, train_y = data.load_split("train")
    validation_x, validation_y = data.load_split("validation")
    empty = [name for name, count in description.class_counts["train"].items() if not count]
    if empty:
        got = f"no training sample of {', '.join(empty[:5])}"
        raise DataError("E551", "each class needs training samples", where=where, got=got, hint="add samples of it")
    if not len(validation_y):
        hint = "ingest with a larger share for validation"
        raise DataError("E551", "the validation split is empty", where=where, got="0 samples", hint=hint)
    mean, std = _statistics(train_x)
    return Samples(description, train_x, train_y, validation_x, validation_y, mean, std)


def _statistics(x: npt.NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation over all axes but the last, in float64, a few MiB at a time.

    Two passes, since the difference of squares loses digits where the mean is large against the deviation.
    """
    try:
        import numpy
    except ImportError as reason:
        raise MissingExtra.of("numpy", "data", "training") from reason
    scale = 255.0 if x.dtype == numpy.uint8 else 1.0
    axes = tuple(range(x.ndim - 1))
    count = x.size // x.shape[-1]
    rows = max(1, (4 << 20) // max(1, x[:1].nbytes))
    blocks = range(0, len(x), rows)
    mean = sum(x[start : start + rows].sum(axis=axes, dtype=numpy.float64) for start in blocks) / count
    squares = sum(numpy.square(x[start : start + rows] - mean).sum(axis=axes, dtype=numpy.float64) for start in blocks)
    std = numpy.sqrt(squares / count) / scale
    std = numpy.where(std < 1e-6, 1.0, std)
    return tuple(float(value) for value in mean / scale), tuple(float(value) for value in std)
