"""Fingerprints of samples: what the frozen split and the digest of a data set rest upon."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.dataset_description import DatasetDescription, SplitName, SplitRule

if TYPE_CHECKING:
    import numpy.typing as npt


def fingerprints(x: npt.NDArray[Any]) -> Iterator[bytes]:
    """SHA-256 of each stored sample's bytes: C order, little-endian.

    Args:
        x: samples `[n, ...]`, uint8 or float32.
    """
    little = x.dtype.newbyteorder("<")
    for row in x:
        yield hashlib.sha256(row.astype(little, copy=False).tobytes()).digest()


def assign_split(fingerprint: bytes, rule: SplitRule) -> SplitName:
    """The split of a sample, from its fingerprint and the rule's seed alone.

    The first 64 bits of SHA-256(seed, fingerprint), read as a fraction of 2**64, fall below `test` (test), below
    `test + validation` (validation), or above (train). So new data never moves an old sample, equal samples
    stay together, and the test split stays as it is when only the validation share changes.

    Args:
        fingerprint: SHA-256 of the sample's content, without its label.
        rule: seed and shares.
    """
    key = hashlib.sha256(b"milonga.split/1:%d:" % rule.seed + fingerprint).digest()
    position = int.from_bytes(key[:8], "big") / 2**64
    if position < rule.test:
        return "test"
    return "validation" if position < rule.test + rule.validation else "train"


def digest_of(description: DatasetDescription, entries: Iterable[bytes]) -> str:
    """The digest of a data set: the same whatever the split, the order or the file names of its samples.

    Args:
        description: kind, classes, image form and features count; its own digest does not.
        entries: for each sample its fingerprint and its class index as 8 bytes, big-endian.
    """
    form = {
        "kind": description.kind,
        "classes": list(description.classes),
        "shape": list(description.sample_shape),
        "features": [feature.name for feature in description.features],
    }
    hasher = hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=False).encode())
    for entry in sorted(entries):
        hasher.update(entry)
    return "sha256:" + hasher.hexdigest()
