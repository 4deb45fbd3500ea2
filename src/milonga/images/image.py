"""A whole image of one platform, ready to be written anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from milonga.images.blob import Blob
from milonga.images.descriptor import Descriptor
from milonga.images.digests import sha256_of
from milonga.images.documents import canonical
from milonga.images.media_types import CONFIG, MANIFEST
from milonga.images.platform import Platform


@dataclass(frozen=True, slots=True)
class Image:
    """Manifest, configuration and layers; always of the OCI types, whatever its base was.

    Attributes:
        manifest: its bytes.
        config: its configuration.
        layers: from the base up.
        platform: what it is for.
    """

    manifest: bytes
    config: Blob
    layers: tuple[Blob, ...]
    platform: Platform

    @classmethod
    def of(cls, config: bytes, layers: tuple[Blob, ...], platform: Platform) -> Image:
        """The image of a configuration and layers."""
        described = Descriptor(CONFIG, sha256_of(config), len(config))
        manifest = canonical(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": described.to_json(),
                "layers": [layer.descriptor.to_json() for layer in layers],
            }
        )
        return cls(manifest, Blob(described, BytesOrigin(config)), layers, platform)

    @property
    def descriptor(self) -> Descriptor:
        """What names this image."""
        return Descriptor(MANIFEST, sha256_of(self.manifest), len(self.manifest))

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """Layers and configuration, each once; of two that are the same the lower one, which others may have."""
        found: dict[str, Blob] = {}
        for blob in (*self.layers, self.config):
            found.setdefault(blob.descriptor.digest, blob)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class BytesOrigin:
    """Bytes in memory."""

    content: bytes

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        """Write them."""
        sink.write(self.content)
