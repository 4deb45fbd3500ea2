"""A setting of a back end: how it is named on a command line, in Python and in the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Use = Literal["connect", "run", "schedule", "outputs"]


@dataclass(frozen=True, slots=True)
class BackendOption:
    """One setting. Given values win over the environment, the environment over the default.

    Attributes:
        name: its Python name; the flag is the same with dashes.
        environment: variables that are looked at, first one first.
        description: one phrase for help texts.
        used_by: what needs it: "connect", every call; "run", starting a run or adding a schedule; "schedule", adding a
            schedule; "outputs", reading what runs have made. A verb offers what it uses and nothing else.
        secret: never a flag, since command lines are read by others and kept in histories; never shown.
    """

    name: str
    environment: tuple[str, ...]
    description: str
    used_by: Use = "connect"
    secret: bool = False

    @property
    def flag(self) -> str:
        """Its spelling on a command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def ways(self) -> str:
        """How to give it, for messages."""
        return " or ".join([*([] if self.secret else [self.flag]), *self.environment])
