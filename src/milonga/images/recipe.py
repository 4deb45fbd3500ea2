"""What an image is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from milonga.errors import UsageError
from milonga.images.layers.addition import Addition
from milonga.images.layers.layer import Compression
from milonga.images.platform import DEFAULT_PLATFORM, Platform

_VARIABLE = re.compile(r"[^=\0]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecipe:
    """A base, and the one layer on top of it.

    Attributes:
        base: name of the base image, see `find_source`; "scratch" for none.
        platform: which of the base's images.
        additions: files and folders.
        requirements: file of locked requirements, or None.
        python_version: of the base, "" for what it says itself.
        python_platform: in uv's names, "" for the usual one of `platform`.
        with_milonga: whether milonga itself is added.
        workdir: absolute path, "" for that of the base.
        environment: variables that are set.
        entrypoint: words of the command, None for that of the base.
        compression: of the new layer.
    """

    base: str
    platform: Platform = DEFAULT_PLATFORM
    additions: Sequence[Addition] = ()
    requirements: Path | None = None
    python_version: str = ""
    python_platform: str = ""
    with_milonga: bool = False
    workdir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] | None = None
    compression: Compression = "gzip"

    def check(self) -> None:
        """Refuse what cannot be made, before anything is read.

        Raises:
            UsageError: E983 nothing is added, E989 a setting is none.
        """
        if not self.additions and self.requirements is None and not self.with_milonga:
            raise UsageError(
                "E983", "nothing is added to the base", hint="--add PATH, --requirements FILE or --with-milonga"
            )
        if self.workdir and not self.workdir.startswith("/"):
            raise UsageError(
                "E989", "the working folder is no absolute path", got=self.workdir, expected="such as /app"
            )
        for name, value in self.environment.items():
            if not _VARIABLE.fullmatch(name) or "\0" in value:
                raise UsageError("E989", "that is no environment variable", got=repr(name))
