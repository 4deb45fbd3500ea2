"""What a check looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.testing.conformance.observed import ObservedRun


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What was seen of a case.

    Attributes:
        run: its run.
        second: the same run again with the cache, where the case asks for it.
        expectations: all that the case expects, for checks that lean on another key.
    """

    run: ObservedRun
    second: ObservedRun | None = None
    expectations: Mapping[str, Any] = field(default_factory=dict)
