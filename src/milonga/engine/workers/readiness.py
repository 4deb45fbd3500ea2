"""Waits for pipes, whatever their number: select(2) refuses descriptors of 1024 and more, poll(2) takes them all."""

from __future__ import annotations

import math
import select
from collections.abc import Iterable

_LONGEST_MS = 2**31 - 1
"""What poll(2) can be told, a little under 25 days."""


def wait_for_ready(
    reading: Iterable[int], writing: Iterable[int] = (), *, timeout_s: float | None = None
) -> frozenset[int]:
    """Wait until a descriptor is ready, which one with an error or without its other end is as well.

    Args:
        reading: descriptors to read from.
        writing: descriptors to write to, none of which is in `reading`.
        timeout_s: how long to wait; None waits without limit, and a wait of more than 24 days may end early.

    Returns:
        Those that are ready; none when the time is over.
    """
    poll = select.poll()
    for descriptor in reading:
        poll.register(descriptor, select.POLLIN)
    for descriptor in writing:
        poll.register(descriptor, select.POLLOUT)
    timeout_ms = None if timeout_s is None else math.ceil(min(max(timeout_s, 0.0) * 1000, _LONGEST_MS))
    return frozenset(descriptor for descriptor, _ in poll.poll(timeout_ms))
