"""One tar that is an OCI archive and an archive of docker at the same time."""

from __future__ import annotations

import io
import os
import secrets
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from milonga.images.blob import Blob
from milonga.images.destinations.destination import Report, unwritable
from milonga.images.destinations.index_document import LAYOUT, blob_path, index_document, index_entry
from milonga.images.documents import canonical
from milonga.images.image import Image
from milonga.images.reference import ImageReference


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A tar with the files of an OCI layout and the list `manifest.json` of docker beside them.

    `docker save` writes this form since version 25. Readers of docker's archives and of OCI archives take it.

    Attributes:
        path: where; a file that was there is replaced.
        name: what the image is called in it, or None.
    """

    path: Path
    name: ImageReference | None = None

    @property
    def title(self) -> str:
        """Where it is."""
        return str(self.path)

    def check(self) -> None:
        """Refuse what is there and is no file.

        Raises:
            UsageError: E988.
        """
        if os.path.lexists(self.path) and not self.path.is_file():
            raise unwritable(self.path, "something else than a file is there")

    def write(self, image: Image, scratch: Path, report: Report) -> None:
        """Write the tar beside its place, and move it there.

        Raises:
            UsageError: E988, it cannot be written.
            MilongaError: a blob cannot be read.
        """
        self.check()
        target = Path(os.path.realpath(self.path))
        temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                self._fill(stream, image, scratch)
            temporary.replace(target)
        except OSError as error:
            raise unwritable(self.path, error.strerror or error) from None
        finally:
            temporary.unlink(missing_ok=True)

    def _fill(self, stream: BinaryIO, image: Image, scratch: Path) -> None:
        documents = {
            "oci-layout": LAYOUT,
            "index.json": index_document([index_entry(image, self.name)]),
            "manifest.json": self._docker_list(image),
            blob_path(image.descriptor.digest): image.manifest,
        }
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, content in documents.items():
                archive.addfile(_header(name, len(content)), io.BytesIO(content))
            for blob in image.blobs:
                with tempfile.TemporaryFile(dir=scratch) as copy:
                    blob.origin.fetch(blob.descriptor, copy)
                    copy.seek(0)
                    archive.addfile(_header(blob_path(blob.descriptor.digest), blob.descriptor.size_bytes), copy)

    def _docker_list(self, image: Image) -> bytes:
        entry = {
            "Config": _place(image.config),
            "RepoTags": [self.name.full_name] if self.name is not None else None,
            "Layers": [_place(layer) for layer in image.layers],
        }
        return canonical([entry])


def _place(blob: Blob) -> str:
    return blob_path(blob.descriptor.digest)


def _header(name: str, size_bytes: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size_bytes
    header.mode = 0o644
    return header
