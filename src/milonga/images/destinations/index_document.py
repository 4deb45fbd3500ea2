"""The documents that make a folder or a tar an OCI layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milonga.images.documents import canonical
from milonga.images.image import Image
from milonga.images.media_types import INDEX
from milonga.images.reference import ImageReference

LAYOUT = canonical({"imageLayoutVersion": "1.0.0"})


def blob_path(digest: str) -> str:
    """Where a blob stands in a layout."""
    return f"blobs/{digest.replace(':', '/')}"


def index_entry(image: Image, name: ImageReference | None) -> dict[str, Any]:
    """The entry of an image in the index of a layout."""
    platform = {"os": image.platform.os, "architecture": image.platform.architecture}
    if image.platform.variant:
        platform["variant"] = image.platform.variant
    entry: dict[str, Any] = {**image.descriptor.to_json(), "platform": platform}
    if name is not None:
        entry["annotations"] = {
            "io.containerd.image.name": name.full_name,
            "org.opencontainers.image.ref.name": name.tag or "latest",
        }
    return entry


def index_document(entries: Sequence[dict[str, Any]]) -> bytes:
    """The index of a layout."""
    return canonical({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)})
