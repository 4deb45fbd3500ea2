"""The Python of an image, which packages are chosen for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.errors import UsageError
from milonga.images.image_config import environment_of
from milonga.images.platform import Platform

_VERSION = re.compile(r"3\.\d{1,2}(\.\d{1,2})?")
_UV_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}
_LIBC = "manylinux_2_28"
"""The C library that most wheels ask for today: Debian 12, Ubuntu 20.04, RHEL 8 and later have it."""


@dataclass(frozen=True, slots=True)
class TargetPython:
    """The interpreter that will run the packages.

    Attributes:
        version: "3.11" or "3.11.9".
        platform: in uv's names, such as "x86_64-manylinux_2_28".
    """

    version: str
    platform: str

    @classmethod
    def of(
        cls, config: Mapping[str, Any], image_platform: Platform, *, version: str = "", platform: str = ""
    ) -> TargetPython:
        """What is stated, else what the base's configuration says.

        Args:
            config: of the base; official Python images state PYTHON_VERSION in their environment.
            image_platform: of the image.
            version: as stated, or "".
            platform: as stated, in uv's names, or "".

        Raises:
            UsageError: E985, it is not known, or no version.
        """
        found = version or environment_of(config).get("PYTHON_VERSION", "")
        if not _VERSION.fullmatch(found):
            what = "that is no version of Python" if found else "the base image does not say which Python it has"
            raise UsageError(
                "E985",
                what,
                got=found,
                expected="such as 3.11",
                hint="state it with --python-version; Debian 12 has 3.11",
            )
        processor = _UV_PROCESSORS.get(image_platform.architecture)
        if not platform and (processor is None or image_platform.os != "linux"):
            raise UsageError(
                "E985",
                f"which packages {image_platform} takes is not known",
                hint="state it with --python-platform, in uv's names",
            )
        return cls(found, platform or f"{processor}-{_LIBC}")
