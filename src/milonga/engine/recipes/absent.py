"""The mark of a value that was never made."""

from __future__ import annotations

import enum
from typing import Final, TypeAlias


class _Mark(enum.Enum):
    ABSENT = enum.auto()


Absent: TypeAlias = _Mark
ABSENT: Final = _Mark.ABSENT
"""An input that was not given, an output of a branch that did not run. None is something else: a value."""
