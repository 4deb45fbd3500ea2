"""The platform that an image is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.errors import UsageError

_PART = re.compile(r"[a-z0-9_.-]+")
_USUAL_NAME = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Platform:
    """Operating system, processor and its variant, in the names of the Go tool chain.

    Attributes:
        os: such as "linux".
        architecture: such as "amd64", "arm64".
        variant: such as "v8"; "" for any.
    """

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read "linux/amd64" or "linux/arm/v7".

        Raises:
            UsageError: E989, that is no platform.
        """
        parts = text.lower().split("/")
        if len(parts) not in (2, 3) or not all(map(_PART.fullmatch, parts)):
            raise UsageError("E989", "that is no platform", got=text, expected="such as linux/amd64 or linux/arm/v7")
        parts[1] = _USUAL_NAME.get(parts[1], parts[1])
        return cls(*parts)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Platform | None:
        """The platform that an index entry or a configuration states, or None where it states none."""
        system, architecture = document.get("os"), document.get("architecture")
        if not isinstance(system, str) or not isinstance(architecture, str) or not system or not architecture:
            return None
        variant = document.get("variant")
        return cls(system.lower(), architecture.lower(), variant if isinstance(variant, str) else "")

    def runs(self, other: Platform) -> bool:
        """Whether an image for `other` is one for this platform; an unsaid variant fits every other."""
        same = (self.os, self.architecture) == (other.os, other.architecture)
        return same and (not self.variant or not other.variant or self.variant == other.variant)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


DEFAULT_PLATFORM = Platform("linux", "amd64")
