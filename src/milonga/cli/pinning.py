"""`--pin-images`: a pipeline whose images are named by their digests."""

from __future__ import annotations

import dataclasses
from functools import partial

from milonga.cli.output import message
from milonga.cli.sources import Source
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.targets import Target, target_named

PIN_HELP = "Write every image by the digest that its registry has for it now. Log-ins are those of docker."


def pinned(graph: Graph, target: Target) -> Graph:
    """The graph with its images by digest, those that the target adds included; each look-up is a line on stderr.

    Raises:
        RemoteError: E839, an image that no registry gives.
    """
    from milonga.compiler.passes.pinned_images import PinnedImages  # few compilations reach for the network
    from milonga.images import resolved_images

    return PinnedImages(partial(resolved_images, report=message)).run(target.with_own_images(graph))


def pinned_source(source: Source, target: str, lower: bool | None) -> Source:
    """A pipeline that is to be sent, lowered as it will be, so that the images of added steps are pinned as well.

    Raises:
        RemoteError: E839, an image that no registry gives.
    """
    chosen, graph = target_named(target), source.graph
    if source.is_python if lower is None else lower:
        graph = chosen.lower(graph)
    if any(finding.severity == "error" for finding in check(graph)):
        return source  # it is not sent, and whoever looks at it next says why
    return dataclasses.replace(source, graph=pinned(graph, chosen))
