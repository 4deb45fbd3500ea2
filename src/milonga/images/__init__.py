"""Images without a daemon: one deterministic layer on a base, written to files or pushed to a registry.

Imports nothing of milonga but its errors: the compiler may resolve tags with it.
"""

from __future__ import annotations

from milonga.images.building import BuiltImage, build_image
from milonga.images.platform import Platform
from milonga.images.recipe import ImageRecipe
from milonga.images.reference import ImageReference
from milonga.images.resolved_images import ResolvedImages
from milonga.images.resolving import resolved_image, resolved_images
from milonga.images.sources.finding import find_source

__all__ = [
    "BuiltImage",
    "ImageRecipe",
    "ImageReference",
    "Platform",
    "ResolvedImages",
    "build_image",
    "find_source",
    "resolved_image",
    "resolved_images",
]
