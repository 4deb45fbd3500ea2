"""Which destination is meant."""

from __future__ import annotations

from pathlib import Path

from milonga.errors import UsageError
from milonga.images.destinations.archive_file import ArchiveFile
from milonga.images.destinations.destination import Destination
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.destinations.registry_push import RegistryPush
from milonga.images.reference import ImageReference


def find_destination(
    output: Path | None = None, push: str | None = None, name: str | None = None, *, insecure: bool = False
) -> Destination:
    """A place for an image: a path or a name in a registry, one of the two.

    Args:
        output: a file that ends with ".tar" becomes an archive, anything else a folder.
        push: name and tag in a registry.
        name: what the image is called in `output`.
        insecure: the registry also without TLS.

    Raises:
        UsageError: E980 that is no name, E989 not one of the two.
    """
    called = ImageReference.parse(name) if name is not None else None
    if push is not None and output is None and called is None:
        return RegistryPush(ImageReference.parse(push), insecure)
    if output is not None and push is None:
        return ArchiveFile(output, called) if output.suffix == ".tar" else LayoutFolder(output, called)
    if push is not None and output is None:
        raise UsageError("E989", "a name is for files: what is pushed has its name", got=str(called))
    raise UsageError("E989", "say where the image goes, once", expected="--output PATH or --push IMAGE")
