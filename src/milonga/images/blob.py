"""One piece of an image, and where its bytes come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from milonga.images.descriptor import Descriptor
from milonga.images.reference import ImageReference


class BlobOrigin(Protocol):
    """Where bytes come from."""

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        """Write the blob into `sink`, an empty file, and check its digest on the way.

        Raises:
            MilongaError: it cannot be read, or is not what its digest says.
        """
        ...


@dataclass(frozen=True, slots=True)
class Blob:
    """A layer or a configuration.

    Attributes:
        descriptor: what it is.
        origin: where its bytes come from.
        home: the repository of a registry that has it already, or None.
    """

    descriptor: Descriptor
    origin: BlobOrigin
    home: ImageReference | None = None
