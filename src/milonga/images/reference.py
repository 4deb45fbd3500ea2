"""Names of images in registries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from milonga.errors import UsageError
from milonga.images.digests import is_digest

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HUB = "docker.io"
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A place in a registry, as in "python:3.11" or "registry.example:5000/team/image@sha256:...".

    Source: the grammar of references of the OCI distribution specification and of Docker's command line.

    Attributes:
        name: registry and repository as they were written, without tag and digest.
        registry: host, and port if one was given; "docker.io" when the name has none.
        repository: path in the registry; "library/" stands before the plain names of Docker Hub.
        tag: "" for none.
        digest: "" for none.
    """

    name: str
    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read a reference.

        Raises:
            UsageError: E980, that is no name of an image.
        """
        rest, at, digest = text.partition("@")
        head, slash, last = rest.rpartition("/")
        last, colon, tag = last.partition(":")
        name = head + slash + last
        host, slash, repository = name.partition("/")
        if not slash or not (host == "localhost" or any(sign in host for sign in ".:[") or host != host.lower()):
            host, repository = _HUB, name
        if host in (_HUB, "index.docker.io"):
            host, repository = _HUB, repository if "/" in repository else f"library/{repository}"
        wrong = (
            (at and not is_digest(digest))
            or (colon and not _TAG.fullmatch(tag))
            or not _HOST.fullmatch(host)
            or not _REPOSITORY.fullmatch(repository)
            or len(name) > _LONGEST_NAME
        )
        if wrong:
            raise UsageError(
                "E980",
                "that is no name of an image",
                got=text,
                expected="such as python:3.11-slim or registry.example:5000/team/image@sha256:...",
                hint="a folder or archive is written as oci:PATH, docker-archive:PATH, ./PATH or /PATH",
            )
        return cls(name, host, repository, tag, digest)

    @property
    def api_host(self) -> str:
        """The host that answers for this registry."""
        return "registry-1.docker.io" if self.registry == _HUB else self.registry

    @property
    def version(self) -> str:
        """What is asked for: the digest, else the tag, else "latest"."""
        return self.digest or self.tag or "latest"

    @property
    def full_name(self) -> str:
        """Registry, repository and tag, nothing left to be guessed."""
        return f"{self.registry}/{self.repository}:{self.tag or 'latest'}"

    def at(self, digest: str) -> str:
        """The same image by `digest` alone."""
        return f"{self.name}@{digest}"

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")
