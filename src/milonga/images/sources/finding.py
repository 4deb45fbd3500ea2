"""Which place the name of a base image means."""

from __future__ import annotations

from pathlib import Path

from milonga.errors import UsageError
from milonga.images.reference import ImageReference
from milonga.images.sources.docker_archive_source import DockerArchiveSource
from milonga.images.sources.layout_source import LayoutSource
from milonga.images.sources.registry_source import RegistrySource
from milonga.images.sources.source import ImageSource, unreadable
from milonga.images.sources.stored_files import FolderFiles, StoredFiles, TarFiles

_LOCAL_PREFIXES = ("oci:", "oci-archive:", "docker-archive:")
_PATH_BEGINNINGS = ("/", "./", "../", "~/")


def find_source(text: str, *, insecure: bool = False) -> ImageSource:
    """The place that a name means.

    A path is one that begins with "/", "./", "../" or "~/", ends with ".tar", or stands behind "oci:", "oci-archive:"
    or "docker-archive:"; all else is a name in a registry. Behind a path may stand ":NAME", which image is meant.

    Args:
        text: the name, as above; "docker://" may stand before one in a registry.
        insecure: registries also without TLS.

    Raises:
        UsageError: E980 that is no name, E981 there is no image at that path.
    """
    prefix = next((one for one in _LOCAL_PREFIXES if text.startswith(one)), "")
    if is_in_registry(text):
        return RegistrySource(ImageReference.parse(text.removeprefix("docker://")), insecure)
    path, name = _path_and_name(text.removeprefix(prefix))
    files = _files_at(path)
    if prefix != "docker-archive:" and files.has("oci-layout") and files.has("index.json"):
        return LayoutSource(files, name)
    if prefix in ("", "docker-archive:") and files.has("manifest.json"):
        return DockerArchiveSource(files, name)
    expected = "manifest.json" if prefix == "docker-archive:" else "oci-layout and index.json"
    raise unreadable(files.title, f"neither a layout nor an archive: no {expected} in it")


def is_in_registry(text: str) -> bool:
    """Whether a name means something in a registry. Never raises."""
    return (
        text != "scratch" and not text.startswith((*_LOCAL_PREFIXES, *_PATH_BEGINNINGS)) and not text.endswith(".tar")
    )


def _path_and_name(text: str) -> tuple[Path, str]:
    whole = Path(text).expanduser()
    if whole.exists():
        return whole, ""
    for position in (index for index, sign in enumerate(text) if sign == ":"):
        path = Path(text[:position]).expanduser()
        if path.exists():
            return path, text[position + 1 :]
    raise UsageError("E981", "there is no base image at that path", got=text)


def _files_at(path: Path) -> StoredFiles:
    return FolderFiles(path) if path.is_dir() else TarFiles(path)
