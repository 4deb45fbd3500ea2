"""How long to wait for a remote system, and how often to ask it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Patience:
    """All waiting of a back end. The defaults outlast a restart of a server behind a load balancer.

    Attributes:
        connect_timeout_s: for a connection to be made.
        answer_timeout_s: for an answer to one request.
        attempts: how often one request is sent at most.
        first_pause_s: pause before the second attempt; each further one is twice as long.
        longest_pause_s: the longest pause between attempts, whatever the server asks for.
        poll_s: pause between two looks at a running run, at first; it grows by half each time.
        longest_poll_s: the longest pause between two looks.
        outage_s: how long a wait for a run survives that every look fails.
    """

    connect_timeout_s: float = 10.0
    answer_timeout_s: float = 60.0
    attempts: int = 5
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0
    poll_s: float = 2.0
    longest_poll_s: float = 15.0
    outage_s: float = 300.0

    def pauses(self) -> Iterator[float]:
        """The pause after each attempt but the last one, in seconds."""
        for attempt in range(self.attempts - 1):
            yield min(self.first_pause_s * 2**attempt, self.longest_pause_s)

    def polls(self) -> Iterator[float]:
        """The pauses between looks at a run, in seconds, without end."""
        pause = self.poll_s
        while True:
            yield pause
            pause = min(pause * 1.5, self.longest_poll_s)

    def within(self, limit_s: float) -> Patience:
        """The patience of one look that may take `limit_s` seconds: one attempt, no pause or time limit beyond it."""
        return replace(
            self,
            attempts=1,
            connect_timeout_s=min(self.connect_timeout_s, limit_s),
            answer_timeout_s=min(self.answer_timeout_s, limit_s),
            poll_s=min(self.poll_s, limit_s),
        )
