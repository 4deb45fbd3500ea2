"""An OCI layout that is a folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.images.destinations.destination import Report, unwritable
from milonga.images.destinations.index_document import LAYOUT, blob_path, index_document, index_entry
from milonga.images.documents import objects_in, read_object
from milonga.images.image import Image
from milonga.images.reference import ImageReference


@dataclass(frozen=True, slots=True)
class LayoutFolder:
    """A folder that is made, or a layout that gets one image more; an image of the same name is replaced in its index.

    Attributes:
        folder: where.
        name: what the image is called there, or None.
    """

    folder: Path
    name: ImageReference | None = None

    @property
    def title(self) -> str:
        """Where it is."""
        return str(self.folder)

    def check(self) -> None:
        """Refuse what is there and is no layout.

        Raises:
            UsageError: E988.
        """
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            return
        if os.path.lexists(self.folder) and not (self.folder / "oci-layout").is_file():
            raise unwritable(self.folder, "something else than an OCI layout is there")
        self._other_entries()

    def write(self, image: Image, scratch: Path, report: Report) -> None:
        """Write blobs first, the index last.

        Raises:
            UsageError: E988, it cannot be written.
            MilongaError: a blob cannot be read.
        """
        self.check()
        is_new = not self.folder.exists()
        target = (
            self.folder.with_name(f".{self.folder.name[:100]}.{secrets.token_hex(4)}.tmp") if is_new else self.folder
        )
        try:
            self._fill(target, image)
            if is_new:
                target.rename(self.folder)
        except OSError as error:
            raise unwritable(self.folder, error.strerror or error) from None
        finally:
            if is_new:
                shutil.rmtree(target, ignore_errors=True)

    def _fill(self, folder: Path, image: Image) -> None:
        (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        for blob in image.blobs:
            path = folder / blob_path(blob.descriptor.digest)
            path.parent.mkdir(exist_ok=True)
            if not path.is_file() or path.stat().st_size != blob.descriptor.size_bytes:
                with _replaced(path) as temporary, temporary.open("xb") as stream:
                    blob.origin.fetch(blob.descriptor, stream)
        entries = [*self._other_entries(), index_entry(image, self.name)]
        contents = {
            blob_path(image.descriptor.digest): image.manifest,
            "oci-layout": LAYOUT,
            "index.json": index_document(entries),
        }
        for name, content in contents.items():
            with _replaced(folder / name) as temporary:
                temporary.write_bytes(content)

    def _other_entries(self) -> list[dict[str, Any]]:
        """Images of other names, which stay."""
        path = self.folder / "index.json"
        if not path.is_file():
            return []
        try:
            entries = objects_in(read_object(path.read_bytes()), "manifests")
        except (OSError, ValueError) as error:
            raise unwritable(path, error) from None
        return [entry for entry in entries if not self._has_this_name(entry)]

    def _has_this_name(self, entry: dict[str, Any]) -> bool:
        """Whether an image of this name, or without a name as this one, is replaced."""
        found = entry.get("annotations") or {}
        if self.name is None:
            return not found
        full = found.get("io.containerd.image.name")
        if full:
            return bool(full == self.name.full_name)
        return bool(found.get("org.opencontainers.image.ref.name") == (self.name.tag or "latest"))


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when nothing went wrong."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
