"""What a check looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.testing.conformance.observed import ObservedRun


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What was seen of a case.

    Attributes:
        run: its run.
        rerun: runs the same again, with the cache.
        expectations: all that the case expects, for checks that lean on another key.
    """

    run: ObservedRun
    rerun: Callable[[], ObservedRun]
    expectations: Mapping[str, Any] = field(default_factory=dict)
