"""Numbers about a data set: counts, brightness, features, duplicates, and what they warn of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.dataset_description import DatasetDescription, SplitName, split_names
from milonga.components.contracts.dataset_digest import fingerprints

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ImageStatistics:
    """Of the images of one split, pixel values scaled to 0..1.

    Attributes:
        brightness_mean: mean over the images of their mean pixel.
        brightness_std: spread of the same.
        brightness_histogram: images in each of 16 equal bins of brightness from 0 to 1.
        contrast_mean: mean over the images of the standard deviation of their pixels.
    """

    brightness_mean: float
    brightness_std: float
    brightness_histogram: tuple[int, ...]
    contrast_mean: float


@dataclass(frozen=True, slots=True)
class FeatureStatistics:
    """Of one feature over the train split.

    Attributes:
        name: the feature.
        dtype: type of its column.
        minimum, median, maximum, mean, std: its values.
        between_classes: share of its variance that lies between the classes (eta squared), 0 to 1;
            1 means that each class has a value of its own.
        test_shift: difference of the test split's mean, in units of `std`; 0 for a constant feature.
    """

    name: str
    dtype: str
    minimum: float
    median: float
    maximum: float
    mean: float
    std: float
    between_classes: float
    test_shift: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Equal samples, byte by byte as stored.

    Attributes:
        repeated: samples beyond the first of their kind.
        conflicting: different samples that occur with two or more labels.
        across_splits: different samples that stand in two or more splits.
    """

    repeated: int
    conflicting: int
    across_splits: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The content of the statistics file, format `milonga.profile/1`.

    Attributes:
        description: what the data set says of itself.
        images: split -> statistics; empty for a table.
        features: one entry a feature; empty for images.
        duplicates: equal samples.
        warnings: sentences for a person, the gravest first.
    """

    description: DatasetDescription
    images: dict[str, ImageStatistics]
    features: tuple[FeatureStatistics, ...]
    duplicates: Duplicates
    warnings: tuple[str, ...]


def compute_statistics(data: DataSplits) -> Statistics:
    """Check the data set completely and compute its statistics, images in bounded memory.

    Raises:
        DataError: E500 and E520 to E525, the data set does not keep its contract.
    """
    description = data.validate()
    duplicates = _count_duplicates(data)
    images: dict[str, ImageStatistics] = {}
    features: tuple[FeatureStatistics, ...] = ()
    if description.kind == "image":
        images = {
            name: _image_statistics(data.load_split(name)[0]) for name in split_names() if description.splits[name]
        }
    else:
        features = _feature_statistics(data, description)
    warnings = tuple(_warnings(description, duplicates, features))
    return Statistics(description, images, features, duplicates, warnings)


def _count_duplicates(data: DataSplits) -> Duplicates:
    seen: dict[bytes, tuple[set[SplitName], set[int]]] = {}
    total = 0
    for name in split_names():
        x, y = data.load_split(name)
        total += len(y)
        for key, label in zip(fingerprints(x), y.tolist(), strict=True):
            splits, labels = seen.setdefault(key, (set(), set()))
            splits.add(name)
            labels.add(label)
    return Duplicates(
        repeated=total - len(seen),
        conflicting=sum(len(labels) > 1 for _, labels in seen.values()),
        across_splits=sum(len(splits) > 1 for splits, _ in seen.values()),
    )


def _image_statistics(x: npt.NDArray[np.uint8]) -> ImageStatistics:
    import numpy as np

    brightness: list[Any] = []
    contrast: list[Any] = []
    size = max(1, (8 << 20) // max(1, x[:1].size * 4))
    for start in range(0, len(x), size):
        pixels = x[start : start + size].reshape(len(x[start : start + size]), -1).astype(np.float32) / 255
        brightness.append(pixels.mean(axis=1, dtype=np.float64))
        contrast.append(pixels.std(axis=1, dtype=np.float64))
    means = np.concatenate(brightness)
    histogram, _ = np.histogram(means, bins=16, range=(0, 1))
    return ImageStatistics(
        brightness_mean=float(means.mean()),
        brightness_std=float(means.std()),
        brightness_histogram=tuple(int(count) for count in histogram),
        contrast_mean=float(np.concatenate(contrast).mean()),
    )


def _feature_statistics(data: DataSplits, description: DatasetDescription) -> tuple[FeatureStatistics, ...]:
    import numpy as np

    train, labels = data.load_split("train")
    test, _ = data.load_split("test")
    counts = np.bincount(labels, minlength=len(description.classes))
    result = []
    for index, feature in enumerate(description.features):
        values = train[:, index].astype(np.float64)
        mean, std = float(values.mean()), float(values.std())
        sums = np.bincount(labels, weights=values, minlength=len(counts))
        class_means = sums / np.maximum(counts, 1)
        between = float((counts * (class_means - mean) ** 2).sum() / len(values))
        shift = float(test[:, index].mean(dtype=np.float64)) - mean if len(test) else 0.0
        result.append(
            FeatureStatistics(
                name=feature.name,
                dtype=feature.dtype,
                minimum=float(values.min()),
                median=float(np.median(values)),
                maximum=float(values.max()),
                mean=mean,
                std=std,
                between_classes=min(1.0, between / std**2) if std else 0.0,
                test_shift=shift / std if std else 0.0,
            )
        )
    return tuple(result)


def _warnings(
    description: DatasetDescription, duplicates: Duplicates, features: tuple[FeatureStatistics, ...]
) -> Iterator[str]:
    if duplicates.across_splits:
        yield (
            f"{duplicates.across_splits} samples stand in more than one split as they are stored: "
            "scores on the test split look better than they are."
        )
    if duplicates.conflicting:
        yield f"{duplicates.conflicting} samples occur with different labels: at least one label of each is wrong."
    telling = [feature.name for feature in features if feature.between_classes > 0.999]
    if telling:
        yield f"The class can be read off {_names(telling)}: is the target hidden in it?"
    for name in ("validation", "test"):
        absent = [label for label, count in description.class_counts[name].items() if not count]
        if absent:
            yield f"The {name} split has no sample of {_names(absent)}: nothing is known of the model there."
    train = description.class_counts["train"]
    largest, smallest = max(train, key=lambda label: train[label]), min(train, key=lambda label: train[label])
    if train[largest] > 4 * train[smallest]:
        ratio = f"{train[largest]} to {train[smallest]} samples in the train split"
        yield f"The classes are imbalanced: '{largest}' and '{smallest}' stand {ratio}; judge by macro F1."
    constant = [feature.name for feature in features if feature.std == 0]
    if constant:
        yield f"{_names(constant)} never changes over the train split and tells the model nothing."
    shifted = [feature.name for feature in features if abs(feature.test_shift) > 0.5]
    if shifted:
        yield f"The test split's mean of {_names(shifted)} is off by more than half a standard deviation."
    if duplicates.repeated:
        yield f"{duplicates.repeated} samples repeat an earlier one."
    if description.skipped:
        kinds = ", ".join(f"{count} x '{suffix or 'no suffix'}'" for suffix, count in description.skipped.items())
        yield f"{sum(description.skipped.values())} files of the source are no samples: {kinds}."


def _names(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
