"""`--runtime-image`: what pods use that run nothing of the author's."""

from __future__ import annotations

import dataclasses

from milonga.cli.sources import Source
from milonga.compiler.graph.own_settings import RUNTIME_IMAGE, with_own_setting
from milonga.compiler.targets import Target
from milonga.errors import UsageError

RUNTIME_IMAGE_HELP = "Image with Python 3.10 or newer for what starts containers without it (argo)."


def with_runtime_image(source: Source, target: Target, image: str) -> Source:
    """The pipeline with that image; without one, as it is.

    Raises:
        UsageError: E958, nothing of milonga's own runs on this target.
    """
    if not image:
        return source
    if not target.has_runtime_image:
        raise UsageError(
            "E958",
            f"target '{target.name}' has no image of its own to choose",
            got="--runtime-image",
            expected="the target argo",
            hint="leave --runtime-image out",
        )
    return dataclasses.replace(source, graph=with_own_setting(source.graph, RUNTIME_IMAGE, image))
