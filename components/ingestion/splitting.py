"""From labelled samples to the frozen splits of a `DataSplits`."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.dataset_description import (
    DatasetDescription,
    Feature,
    ImageForm,
    Kind,
    SplitName,
    SplitRule,
    split_names,
)
from milonga.components.contracts.dataset_digest import assign_split, digest_of
from milonga.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Samples:
    """Everything that the splits are made from.

    Attributes:
        x: stored form of all samples, `[n, ...]`; a memory map is fine.
        y: class indices, int64 `[n]`.
        fingerprints: SHA-256 of each stored sample, length n.
        splits: the split of each sample, length n.
        classes: sorted names.
        image: form of the images; None for a table.
        features: columns of a table; empty for images.
        skipped: file suffix -> number of files that are no samples.
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[np.int64]
    fingerprints: Sequence[bytes]
    splits: Sequence[SplitName]
    classes: tuple[str, ...]
    image: ImageForm | None
    features: tuple[Feature, ...]
    skipped: dict[str, int]


def checked_rule(*, seed: int, validation_share: float, test_share: float) -> SplitRule:
    """The split rule.

    Raises:
        DataError: E509, a share is not above 0, or both together leave nothing to train on.
    """
    if not (validation_share > 0 and test_share > 0 and validation_share + test_share < 1):
        got = f"validation_share={validation_share}, test_share={test_share}"
        expected = "two shares above 0 that sum to less than 1"
        raise DataError("E509", "the shares of the splits are out of range", got=got, expected=expected)
    return SplitRule(seed=seed, validation=validation_share, test=test_share)


def assign_splits(keys: Sequence[bytes], rule: SplitRule) -> list[SplitName]:
    """The split of each sample, from the SHA-256 of its own content."""
    return [assign_split(key, rule) for key in keys]


def write_samples(data: DataSplits, samples: Samples, *, rule: SplitRule, source: str, samples_min: int) -> None:
    """Write the whole data set; inside a split, samples stand in the order of their fingerprints.

    Args:
        data: where to.
        samples: what.
        rule: the rule that `samples.splits` follows.
        source: last folder or file name of the source.
        samples_min: fewer samples than this are an error.

    Raises:
        DataError: E506 (too few samples), E508 (an empty split, or a class that the train split lacks).
    """
    import numpy as np

    if len(samples.y) < samples_min:
        expected = f"at least {samples_min} (samples_min)"
        raise DataError("E506", "too few samples", where=source, got=str(len(samples.y)), expected=expected)
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(samples.classes, 0) for name in split_names()}
    for label, split in zip(samples.y.tolist(), samples.splits, strict=True):
        counts[split][samples.classes[label]] += 1
    _check_counts(counts, source)

    by_content = sorted(range(len(samples.y)), key=lambda row: (samples.fingerprints[row], int(samples.y[row])))
    for name in split_names():
        order = [row for row in by_content if samples.splits[row] == name]
        data.write_split(name, samples.x, samples.y, order=np.array(order, dtype=np.int64))
    description = DatasetDescription(
        kind=_kind(samples),
        digest="",
        classes=samples.classes,
        splits={name: sum(counts[name].values()) for name in split_names()},
        class_counts=counts,
        split_rule=rule,
        source=source,
        image=samples.image,
        features=samples.features,
        skipped=dict(sorted(samples.skipped.items())),
    )
    labels = samples.y.tolist()
    entries = (key + label.to_bytes(8, "big") for key, label in zip(samples.fingerprints, labels, strict=True))
    data.write(replace(description, digest=digest_of(description, entries)))


@contextlib.contextmanager
def emptied_on_error(folder: Path) -> Iterator[None]:
    """Leave `folder` empty when the code inside fails: an output is complete, or it is not there."""
    try:
        yield
    except BaseException:
        for child in folder.iterdir():
            if child.is_dir():
                shutil.rmtree(child)
            else:
                child.unlink()
        raise


def _kind(samples: Samples) -> Kind:
    return "table" if samples.image is None else "image"


def _check_counts(counts: dict[str, dict[str, int]], source: str) -> None:
    hint = "add samples, or choose other shares or another seed"
    for name, of_class in counts.items():
        if not sum(of_class.values()):
            raise DataError(
                "E508", f"the split '{name}' is empty", where=source, expected="a sample or more", hint=hint
            )
    absent = [name for name, count in counts["train"].items() if not count]
    if absent:
        got = ", ".join(repr(name) for name in absent[:10])
        message = f"the train split has no sample of {len(absent)} class(es)"
        raise DataError("E508", message, where=source, got=got, expected="every class in the train split", hint=hint)
