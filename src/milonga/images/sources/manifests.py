"""From a manifest and a configuration to a base image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from milonga.images.blob import Blob, BlobOrigin
from milonga.images.descriptor import Descriptor
from milonga.images.documents import LARGEST_DOCUMENT_BYTES, objects_in, read_object, strings_in
from milonga.images.image_config import environment_of
from milonga.images.media_types import CONFIG, INDEXES, MANIFESTS, OCI_TYPE_OF
from milonga.images.platform import Platform
from milonga.images.reference import ImageReference
from milonga.images.sources.base_image import BaseImage
from milonga.images.sources.index_choice import chosen_entry, no_image_for

Reader = Callable[[Descriptor], bytes]
"""Reads a document, and has checked its digest."""

_DEEPEST_INDEX = 4
_CONFIGS = (CONFIG, "application/vnd.docker.container.image.v1+json")


def manifest_for(
    top: Descriptor, content: bytes, platform: Platform, read: Reader, title: str
) -> tuple[Descriptor, dict[str, Any]]:
    """Follow indexes to the one manifest of a platform.

    Args:
        top: what stands there.
        content: its bytes.
        platform: the one that is wanted.
        read: for manifests.
        title: for messages.

    Raises:
        ValueError: something on the way is not valid.
        UsageError: E982, there is no image for the platform.
    """
    for _ in range(_DEEPEST_INDEX):
        document = read_object(content)
        media_type = document.get("mediaType") or top.media_type
        unsaid = not document.get("mediaType")  # older tools left it out
        if media_type in MANIFESTS or (unsaid and "config" in document):
            return top, document
        if media_type not in INDEXES and not (unsaid and "manifests" in document):
            raise ValueError(f"manifests of the type '{media_type}' are not read")
        top = chosen_entry(document, platform, title)
        content = read(top)
    raise ValueError("indexes in indexes without an end")


def base_of(
    described: Descriptor,
    manifest: dict[str, Any],
    platform: Platform,
    read_config: Reader,
    origin: BlobOrigin,
    title: str,
    home: ImageReference | None = None,
) -> BaseImage:
    """The base image of a manifest.

    Args:
        described: the manifest's own descriptor.
        manifest: the manifest.
        platform: the one that is wanted.
        read_config: for the configuration.
        origin: where layers come from.
        title: for messages.
        home: the repository that has the layers.

    Raises:
        ValueError: something is not valid.
        UsageError: E982, the image is for another platform.
    """
    wanted = Descriptor.of(manifest.get("config"))
    if wanted.media_type not in _CONFIGS:
        raise ValueError(f"this is no image of a container: '{wanted.media_type}'")
    if wanted.size_bytes > LARGEST_DOCUMENT_BYTES:
        raise ValueError("its configuration is too long")
    layers = [_layer(Descriptor.of(entry)) for entry in objects_in(manifest, "layers")]
    config = checked_config(read_object(read_config(wanted)), len(layers))
    found = platform_of(config, platform, title)
    blobs = tuple(Blob(layer, origin, home) for layer in layers)
    return BaseImage(title, described.digest, config, blobs, found)


def checked_config(config: dict[str, Any], number_of_layers: int) -> dict[str, Any]:
    """A configuration that fits its layers.

    Raises:
        ValueError: it does not.
    """
    rootfs = config.get("rootfs")
    diff_ids = strings_in(rootfs, "diff_ids") if isinstance(rootfs, dict) else []
    if len(diff_ids) != number_of_layers:
        raise ValueError(f"{number_of_layers} layers, and {len(diff_ids)} in the configuration")
    environment_of(config)
    objects_in(config, "history")
    return config


def platform_of(config: Mapping[str, Any], platform: Platform, title: str) -> Platform:
    """What a configuration is for; the one that is wanted where it says nothing.

    Raises:
        UsageError: E982, it is for another one.
    """
    found = Platform.of(config) or platform
    if not platform.runs(found):
        raise no_image_for(platform, title, [found])
    return found


def _layer(layer: Descriptor) -> Descriptor:
    media_type = OCI_TYPE_OF.get(layer.media_type)
    if media_type is None:
        raise ValueError(f"a layer of the type '{layer.media_type}' cannot be copied")
    return Descriptor(media_type, layer.digest, layer.size_bytes)
