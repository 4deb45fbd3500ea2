"""Base images in an OCI layout, a folder or a tar."""

from __future__ import annotations

from typing import Any, BinaryIO

from milonga.errors import UsageError
from milonga.images.descriptor import Descriptor
from milonga.images.digests import copied, digest_of
from milonga.images.documents import canonical, read_object
from milonga.images.media_types import INDEX
from milonga.images.platform import DEFAULT_PLATFORM, Platform
from milonga.images.sources.base_image import BaseImage
from milonga.images.sources.index_choice import image_entries, name_of, named_entries
from milonga.images.sources.manifests import base_of, manifest_for
from milonga.images.sources.source import unreadable
from milonga.images.sources.stored_files import StoredFiles, read_document


class LayoutSource:
    """An image in an OCI layout. Source: OCI image specification 1.1, image layout.

    Args:
        files: the layout.
        name: which image, by the name or tag in its index; "" for all of them.
    """

    def __init__(self, files: StoredFiles, name: str = "") -> None:
        self._files = files
        self._name = name
        self._title = f"{files.title}:{name}" if name else files.title

    def digest(self, platform: Platform | None) -> str:
        """The digest of the one image that is there, or of its manifest for one platform.

        Raises:
            UsageError: E981 it cannot be read, E982 there is no such image, or it is not clear which.
        """
        try:
            index = self._index()
            entries = {Descriptor.of(entry).digest for entry in image_entries(index)}
            if platform is None and len(entries) == 1:
                return entries.pop()
            return self._manifest(index, platform or DEFAULT_PLATFORM)[0].digest
        except ValueError as error:
            raise unreadable(self._title, error) from None

    def base(self, platform: Platform) -> BaseImage:
        """The image for a platform.

        Raises:
            UsageError: E981 it cannot be read, E982 there is no such image, or it is not clear which.
        """
        try:
            described, manifest = self._manifest(self._index(), platform)
            return base_of(described, manifest, platform, self._read, self, self._title)
        except ValueError as error:
            raise unreadable(self._title, error) from None

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        """Copy a blob and check it.

        Raises:
            UsageError: E981, it cannot be read, or is not what its digest says.
        """
        with self._files.opened(_path_of(descriptor)) as stream:
            wrong = copied(stream, sink, digest=descriptor.digest, size_bytes=descriptor.size_bytes)
        if wrong:
            raise unreadable(self._title, f"{descriptor.digest} is damaged: {wrong}")

    def _index(self) -> dict[str, Any]:
        index = read_object(read_document(self._files, "index.json"))
        if not self._name:
            return index
        entries = image_entries(index)
        found = named_entries(entries, self._name)
        if not found:
            known = ", ".join(sorted(filter(None, map(name_of, entries))))
            raise UsageError("E982", "there is no image of that name", where=self._title, got=known)
        return {**index, "manifests": found}

    def _manifest(self, index: dict[str, Any], platform: Platform) -> tuple[Descriptor, dict[str, Any]]:
        top = Descriptor(INDEX, "", 0)
        return manifest_for(top, canonical(index), platform, self._read, self._title)

    def _read(self, descriptor: Descriptor) -> bytes:
        content = read_document(self._files, _path_of(descriptor))
        if digest_of(content, like=descriptor.digest) != descriptor.digest:
            raise unreadable(self._title, f"{descriptor.digest} is damaged")
        return content


def _path_of(descriptor: Descriptor) -> str:
    algorithm, _, text = descriptor.digest.partition(":")
    return f"blobs/{algorithm}/{text}"
