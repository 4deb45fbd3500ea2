"""A base image of one platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.images.blob import Blob
from milonga.images.platform import Platform


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What is needed of a base.

    Attributes:
        title: what it is called in messages.
        digest: of its manifest; "" where it has none.
        config: its configuration.
        layers: from the lowest up, with OCI types.
        platform: what it is for.
    """

    title: str
    digest: str
    config: Mapping[str, Any]
    layers: tuple[Blob, ...]
    platform: Platform


def empty_base(platform: Platform) -> BaseImage:
    """The base "scratch": nothing at all."""
    config: dict[str, Any] = {"os": platform.os, "architecture": platform.architecture}
    if platform.variant:
        config["variant"] = platform.variant
    return BaseImage("scratch", "", config, (), platform)
