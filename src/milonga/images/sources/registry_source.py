"""Base images in a registry."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

from milonga.images.descriptor import Descriptor
from milonga.images.platform import Platform
from milonga.images.reference import ImageReference
from milonga.images.registries.repository import Repository
from milonga.images.sources.base_image import BaseImage
from milonga.images.sources.manifests import Reader, base_of, manifest_for
from milonga.images.sources.source import unreadable


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """An image in a registry.

    Attributes:
        reference: its name.
        insecure: also without TLS.
    """

    reference: ImageReference
    insecure: bool = False

    def digest(self, platform: Platform | None) -> str:
        """The digest of what the name leads to now, or of its manifest for one platform.

        Raises:
            RemoteError: E820 to E825.
            UsageError: E981 or E982, there is no image for the platform.
        """
        repository = self._repository()
        if platform is None:
            return self.reference.digest or repository.digest(self.reference.version)
        top, content = repository.manifest(self.reference.version)
        try:
            return manifest_for(top, content, platform, _reader(repository), str(self.reference))[0].digest
        except ValueError as error:
            raise unreadable(str(self.reference), error) from None

    def base(self, platform: Platform) -> BaseImage:
        """The image for a platform; layers are downloaded when somebody fetches them.

        Raises:
            RemoteError: E820 to E825.
            UsageError: E981 or E982, it is no image, or none for the platform.
        """
        repository, title = self._repository(), str(self.reference)
        top, content = repository.manifest(self.reference.version)
        try:
            described, manifest = manifest_for(top, content, platform, _reader(repository), title)
            blobs = _Blobs(repository)
            return base_of(described, manifest, platform, blobs.read, blobs, title, self.reference)
        except ValueError as error:
            raise unreadable(title, error) from None

    def _repository(self) -> Repository:
        return Repository(self.reference, insecure=self.insecure)


class _Blobs:
    """The blobs of a repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        self._repository.fetch(descriptor, sink)

    def read(self, descriptor: Descriptor) -> bytes:
        sink = io.BytesIO()
        self._repository.fetch(descriptor, sink)
        return sink.getvalue()


def _reader(repository: Repository) -> Reader:
    return lambda descriptor: repository.manifest(descriptor.digest)[1]
