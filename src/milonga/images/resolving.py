"""From a tag, which moves, to a digest, which does not."""

from __future__ import annotations

from milonga.images.platform import Platform
from milonga.images.reference import ImageReference
from milonga.images.sources.registry_source import RegistrySource


def resolved_image(reference: str, *, platform: Platform | None = None, insecure: bool = False) -> str:
    """The name of an image by its digest, as its registry has it now.

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
