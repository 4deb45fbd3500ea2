"""Runs each attempt in a container of its own."""

from __future__ import annotations

from milonga.engine.home import Home
from milonga.engine.workers.base import StepEnded, StepRequest


class ContainerPool:
    """The pool behind container components."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def submit(self, request: StepRequest) -> None:
        """Start a container."""
        raise NotImplementedError(self._home, request)

    def streams(self) -> list[int]:
        """Nothing runs."""
        return []

    def collect(self) -> list[StepEnded]:
        """Nothing ends."""
        return []

    def kill(self, request_id: int) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""
