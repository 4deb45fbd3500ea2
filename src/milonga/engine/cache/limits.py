"""What is to be evicted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What may stay. All that is more goes, as far as no run needs it.

    Attributes:
        max_bytes: of the content store; what was not used for longest goes first. None is no limit.
        unused_since: entries and contents that were last used before this moment (seconds since the epoch) go.
        everything: all entries and contents go.
        outputs_too: what runs have returned counts like any other content.
    """

    max_bytes: int | None = None
    unused_since: float | None = None
    everything: bool = False
    outputs_too: bool = False
