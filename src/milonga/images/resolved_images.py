"""What became of names of images that were looked up together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from milonga.errors import MilongaError


@dataclass(frozen=True, slots=True)
class ResolvedImages:
    """Every name that was asked for is in exactly one of the two.

    Attributes:
        found: images by their digest, by the name that was given.
        failed: why there is none, by the name that was given.
    """

    found: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, MilongaError] = field(default_factory=dict)
