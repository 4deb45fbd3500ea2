"""The contract of a place with base images."""

from __future__ import annotations

from typing import Protocol

from milonga.errors import UsageError
from milonga.images.platform import Platform
from milonga.images.sources.base_image import BaseImage


class ImageSource(Protocol):
    """One image, or one for each of several platforms."""

    def digest(self, platform: Platform | None) -> str:
        """The digest of what stands there, or of its manifest for one platform.

        Raises:
            MilongaError: it cannot be read.
        """
        ...

    def base(self, platform: Platform) -> BaseImage:
        """The image for a platform.

        Raises:
            MilongaError: it cannot be read, or there is none for the platform.
        """
        ...


def unreadable(title: str, why: object) -> UsageError:
    """The error for a base image that is none."""
    return UsageError(
        "E981",
        "the base image cannot be read",
        where=title,
        got=str(why),
        expected="a registry's image, an OCI layout (folder or tar), or a tar of docker save",
    )
