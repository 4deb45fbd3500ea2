"""From a tag, which moves, to a digest, which does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from milonga.errors import MilongaError
from milonga.images.platform import Platform
from milonga.images.reference import ImageReference
from milonga.images.resolved_images import ResolvedImages
from milonga.images.sources.registry_source import RegistrySource

_AT_ONCE = 8
"""Requests at the same time: registries count how many come from one place."""


def resolved_image(reference: str, *, platform: Platform | None = None, insecure: bool = False) -> str:
    """The name of an image by its digest, as its registry has it now.

    The tag is left out: a name with both is refused by Vertex AI ("Invalid image URI"; googleapis/python-aiplatform
    issue 1861) and by CRI-O 1.31 where signatures are checked (cri-o/cri-o issue 8603).

    Args:
        reference: such as "python:3.11-slim"; one that has a digest is not looked up, only its tag is dropped.
        platform: None for the digest of what stands there, which may be an index for many platforms; it is the one
            to write into pipelines. Else the digest of the manifest for that platform.
        insecure: also without TLS.

    Returns:
        Such as "python@sha256:...".

    Raises:
        UsageError: E980 that is no name, E982 there is no image for the platform.
        RemoteError: E820 to E825, the registry fails or has no such image.
    """
    parsed = ImageReference.parse(reference)
    return parsed.at(RegistrySource(parsed, insecure).digest(platform))


def resolved_images(
    references: Iterable[str], *, insecure: bool = False, report: Callable[[str], None] | None = None
) -> ResolvedImages:
    """The names of several images by their digests, each looked up once, several at the same time.

    Args:
        references: as for `resolved_image`.
        insecure: also without TLS.
        report: called in this thread with a line about each image, as soon as it is known.
    """
    from concurrent.futures import Future, ThreadPoolExecutor, as_completed

    wanted = list(dict.fromkeys(references))
    found: dict[str, str] = {}
    failed: dict[str, MilongaError] = {}
    threads = ThreadPoolExecutor(max_workers=_AT_ONCE)
    try:
        waiting: dict[Future[str], str] = {
            threads.submit(resolved_image, reference, insecure=insecure): reference for reference in wanted
        }
        for done in as_completed(waiting):
            reference = waiting[done]
            try:
                found[reference] = done.result()
            except MilongaError as error:
                failed[reference] = error
            if report is not None:
                told = f"is {found[reference]}" if reference in found else f"is not found ({failed[reference].code})"
                report(f"image {len(found) + len(failed)} of {len(wanted)}: {reference} {told}")
    finally:
        threads.shutdown(cancel_futures=True)
    return ResolvedImages(
        {reference: found[reference] for reference in wanted if reference in found},
        {reference: failed[reference] for reference in wanted if reference in failed},
    )
