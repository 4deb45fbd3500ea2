"""The contract of a place that images are written to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from milonga.errors import UsageError
from milonga.images.image import Image

Report = Callable[[str], None]
"""Takes a line for the person who waits."""


class Destination(Protocol):
    """Takes an image, all of it or nothing that a reader would see."""

    @property
    def title(self) -> str:
        """Where it is."""
        ...

    def check(self) -> None:
        """Refuse early what cannot be written.

        Raises:
            MilongaError: as `write`.
        """
        ...

    def write(self, image: Image, scratch: Path, report: Report) -> None:
        """Write the image.

        Args:
            image: what is written.
            scratch: a folder for files in between.
            report: takes lines on the way.

        Raises:
            MilongaError: it cannot be written, or a blob cannot be read.
        """
        ...


def unwritable(path: Path, why: object) -> UsageError:
    """The error for a place that takes no image."""
    return UsageError("E988", "the image cannot be written there", where=str(path), got=str(why))
