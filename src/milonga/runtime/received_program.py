"""The command line of a milonga task as the task reads it: this half travels, `milonga.runtime.program` writes it.

What may never change: a command written by an older version is still understood.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

ProgramT = TypeVar("ProgramT", bound="ReceivedProgram")


@dataclass(frozen=True, slots=True)
class ReceivedProgram:
    """A function and what it needs.

    Attributes:
        function: name of the function in `source`.
        source: Python text that defines it, with the helpers, imports and constants that it uses.
        packages: requirements (PEP 508).
        modules: project modules that it imports: path in the bundle → text.
        code: for a step whose runtime and modules come as an artifact: the executor that carries them, a colon, and
            their digest.
    """

    function: str
    source: str
    packages: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    @classmethod
    def from_args(cls: type[ProgramT], arguments: Sequence[str]) -> tuple[ProgramT, str]:
        """The program, and the executor input as JSON text.

        Raises:
            ValueError: not the arguments of a milonga task.
        """
        if len(arguments) % 2:
            raise ValueError("the arguments of a milonga task come in pairs")
        given = dict(zip(arguments[::2], arguments[1::2], strict=True))
        if "--function" not in given:
            raise ValueError("a milonga task needs --function")
        source = given.get("--source")
        if source is None:
            source = base64.b64decode(given.get("--source-base64", "")).decode("utf-8")
        program = cls(
            function=given["--function"],
            source=source,
            packages=tuple(json.loads(given.get("--packages", "[]"))),
            modules=unpack(given["--modules"]) if "--modules" in given else {},
            code=given.get("--code", ""),
        )
        return program, given.get("--executor_input", "")


_UNSAFE = str.maketrans(".,", "{$")


def unpack(text: str) -> dict[str, str]:
    """The files of `milonga.runtime.program.pack`."""
    files: dict[str, str] = json.loads(zlib.decompress(base64.b85decode(text.translate(_UNSAFE))))
    return files
