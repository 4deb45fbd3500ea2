"""A registry that an image is pushed to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from milonga.errors import UsageError
from milonga.images.blob import Blob
from milonga.images.destinations.destination import Report
from milonga.images.image import Image
from milonga.images.reference import ImageReference
from milonga.images.registries.repository import Repository


@dataclass(frozen=True, slots=True)
class RegistryPush:
    """A tag in a registry. Blobs that are there are not sent; those of the base's repository are mounted.

    Attributes:
        reference: repository and tag.
        insecure: also without TLS.
    """

    reference: ImageReference
    insecure: bool = False

    @property
    def title(self) -> str:
        """Where it is."""
        return f"{self.reference.name}:{self.reference.version}"

    def check(self) -> None:
        """Refuse a reference that nothing can be pushed to.

        Raises:
            UsageError: E980, it has a digest.
        """
        if self.reference.digest:
            raise UsageError(
                "E980",
                "an image is pushed to a tag, not to a digest",
                got=str(self.reference),
                expected=self.reference.name,
            )

    def write(self, image: Image, scratch: Path, report: Report) -> None:
        """Push blobs first, the manifest last: the tag never leads to half an image.

        Raises:
            RemoteError: E820 to E826.
            MilongaError: a blob cannot be read.
        """
        self.check()
        sources = tuple(sorted({self._source_of(blob) for blob in image.blobs} - {""}))
        repository = Repository(self.reference, insecure=self.insecure, is_written=True, sources=sources)
        done = {"there": 0, "mounted": 0, "sent": 0}
        for blob in image.blobs:
            done[self._push(repository, blob, scratch)] += 1
        repository.put_manifest(image.descriptor, image.manifest, self.reference.version)
        report("blobs: " + ", ".join(f"{number} {what}" for what, number in done.items() if number))

    def _push(self, repository: Repository, blob: Blob, scratch: Path) -> str:
        if repository.has(blob.descriptor):
            return "there"
        source = self._source_of(blob)
        if source and repository.mount(blob.descriptor, source):
            return "mounted"
        copy = scratch / "sent-blob"
        with copy.open("w+b") as stream:
            blob.origin.fetch(blob.descriptor, stream)
        repository.upload(blob.descriptor, copy)
        copy.unlink()
        return "sent"

    def _source_of(self, blob: Blob) -> str:
        """Another repository of this registry that has the blob, or ""."""
        if blob.home is None or blob.home.api_host != self.reference.api_host:
            return ""
        return blob.home.repository if blob.home.repository != self.reference.repository else ""
