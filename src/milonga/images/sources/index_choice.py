"""Which of the images in an index is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from milonga.errors import UsageError
from milonga.images.descriptor import Descriptor
from milonga.images.documents import objects_in
from milonga.images.media_types import INDEXES, MANIFESTS
from milonga.images.platform import Platform
from milonga.images.reference import ImageReference

NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Where the index of a layout has the names of its images: in full, and often only the tag."""


def chosen_entry(index: Mapping[str, Any], platform: Platform, title: str) -> Descriptor:
    """The entry of an index for a platform; one that states no platform is taken when it is the only one.

    Raises:
        ValueError: the index is not valid.
        UsageError: E982, there is none for the platform, or several differ.
    """
    entries = image_entries(index)
    stated = [(Platform.of(entry.get("platform") or {}), entry) for entry in entries]
    fitting = [entry for found, entry in stated if found is not None and platform.runs(found)]
    exact = [entry for found, entry in stated if found == platform]
    silent = [entry for found, entry in stated if found is None]
    for candidates in (exact, fitting, silent):
        digests = {Descriptor.of(entry) for entry in candidates}
        if len(digests) == 1:
            return digests.pop()
        if digests and candidates is not fitting:
            raise UsageError(
                "E982",
                "there are several images, and it is not clear which is meant",
                where=title,
                got=", ".join(sorted(filter(None, map(name_of, candidates)))),
                hint="write the name behind the path, as in oci:PATH:NAME",
            )
        if digests:
            return Descriptor.of(candidates[0])
    raise no_image_for(platform, title, [found for found, _ in stated if found is not None])


def image_entries(index: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of an index that are images or further indexes, not attestations.

    Raises:
        ValueError: the index is not valid.
    """
    return [
        entry
        for entry in objects_in(dict(index), "manifests")
        if entry.get("mediaType") in (*INDEXES, *MANIFESTS)
        and (entry.get("platform") or {}).get("architecture") != "unknown"
    ]


def named_entries(entries: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Those of the entries that have a name: in full, as docker shortens it, or as a tag."""
    return [entry for entry in entries if any(is_called(given, name) for given in _names(entry))]


def is_called(given: str, wanted: str) -> bool:
    """Whether an image called `given` is meant by `wanted`, which may be short."""
    if wanted in (given, given.rpartition(":")[2]):
        return True
    try:
        return ImageReference.parse(given).full_name == ImageReference.parse(wanted).full_name
    except UsageError:
        return False


def name_of(entry: Mapping[str, Any]) -> str:
    """The name of an entry, or ""."""
    return next(iter(_names(entry)), "")


def _names(entry: Mapping[str, Any]) -> list[str]:
    annotations = entry.get("annotations")
    if not isinstance(annotations, dict):
        return []
    return [str(annotations[key]) for key in NAME_ANNOTATIONS if annotations.get(key)]


def no_image_for(platform: Platform, title: str, found: Sequence[Platform]) -> UsageError:
    """The error for a platform that there is no image for."""
    return UsageError(
        "E982",
        f"there is no image for {platform}",
        where=title,
        got=", ".join(sorted(set(map(str, found)))) or "no image",
        hint="choose one of these with --platform",
    )
