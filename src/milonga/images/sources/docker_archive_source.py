"""Base images in a tar of `docker save` or `podman save`."""

from __future__ import annotations

import itertools
from typing import Any, BinaryIO

from milonga.errors import UsageError
from milonga.images.blob import Blob
from milonga.images.descriptor import Descriptor
from milonga.images.digests import copied, measured
from milonga.images.documents import canonical, read_object, strings_in
from milonga.images.image import Image
from milonga.images.media_types import LAYER, LAYER_GZIP, LAYER_ZSTD
from milonga.images.platform import DEFAULT_PLATFORM, Platform
from milonga.images.sources.base_image import BaseImage
from milonga.images.sources.index_choice import is_called
from milonga.images.sources.manifests import checked_config, platform_of
from milonga.images.sources.source import unreadable
from milonga.images.sources.stored_files import StoredFiles, read_document

_BEGINNINGS = ((b"\x1f\x8b", LAYER_GZIP), (b"\x28\xb5\x2f\xfd", LAYER_ZSTD))


class DockerArchiveSource:
    """An image in such a tar. It has no manifest of its own; its layers are taken as they are.

    Args:
        files: the tar.
        name: which image, by one of its tags; "" for the only one.
    """

    def __init__(self, files: StoredFiles, name: str = "") -> None:
        self._files = files
        self._name = name
        self._title = f"{files.title}:{name}" if name else files.title

    def digest(self, platform: Platform | None) -> str:
        """The digest that the image gets when it is written as an OCI image.

        Raises:
            UsageError: E981 it cannot be read, E982 it is not clear which.
        """
        base = self.base(platform or DEFAULT_PLATFORM)
        return Image.of(canonical(base.config), base.layers, base.platform).descriptor.digest

    def base(self, platform: Platform) -> BaseImage:
        """The image for a platform.

        Raises:
            UsageError: E981 it cannot be read, E982 it is for another platform, or it is not clear which.
        """
        try:
            entry = self._entry()
            names = strings_in(entry, "Layers")
            config_name = entry.get("Config")
            if not isinstance(config_name, str):
                raise ValueError("its list names no configuration")
            config = checked_config(read_object(read_document(self._files, config_name)), len(names))
            found = platform_of(config, platform, self._title)
            diff_ids = config["rootfs"]["diff_ids"] if names else ()
            layers = tuple(itertools.starmap(self._layer, zip(names, diff_ids, strict=True)))
        except ValueError as error:
            raise unreadable(self._title, error) from None
        return BaseImage(self._title, "", config, layers, found)

    def _entry(self) -> dict[str, Any]:
        listed = read_object(b'{"images":' + read_document(self._files, "manifest.json") + b"}")["images"]
        if not isinstance(listed, list) or not listed or not all(isinstance(entry, dict) for entry in listed):
            raise ValueError("manifest.json lists no image")
        tags = {tag: entry for entry in listed for tag in strings_in(entry, "RepoTags")}
        matching = [entry for tag, entry in tags.items() if is_called(tag, self._name)]
        found = matching if self._name else listed
        if len(found) != 1:
            what = "it is not clear which image is meant" if found else "there is no image of that name"
            hint = "write its name behind the path, as in docker-archive:PATH:NAME"
            raise UsageError("E982", what, where=self._title, got=", ".join(sorted(tags)), hint=hint)
        chosen: dict[str, Any] = found[0]
        return chosen

    def _layer(self, name: str, diff_id: str) -> Blob:
        with self._files.opened(name) as stream:
            beginning = stream.read(4)
        with self._files.opened(name) as stream:
            digest, size_bytes = measured(stream)
        media_type = next((known for start, known in _BEGINNINGS if beginning.startswith(start)), LAYER)
        if media_type == LAYER and digest != diff_id:
            raise ValueError(f"the layer {name} is damaged")
        return Blob(Descriptor(media_type, digest, size_bytes), _Member(self._files, name))


class _Member:
    """One file of the tar."""

    def __init__(self, files: StoredFiles, name: str) -> None:
        self._files = files
        self._name = name

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        with self._files.opened(self._name) as stream:
            wrong = copied(stream, sink, digest=descriptor.digest, size_bytes=descriptor.size_bytes)
        if wrong:
            raise unreadable(self._files.title, f"{self._name} was changed: {wrong}")
