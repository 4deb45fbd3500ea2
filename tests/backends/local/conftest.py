from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from real_scheduler import RealScheduler
from schedule_desk import Desk
from travelling_clock import TravellingClock


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """A state folder at a moment: `desk("2026-01-01T00:00:00")`."""
    made: list[Desk] = []

    def make(moment: str) -> Desk:
        made.append(Desk(tmp_path, TravellingClock(moment)))
        return made[-1]

    yield make
    for item in made:
        item.database.close()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealScheduler]:
    made = RealScheduler(tmp_path)
    yield made
    made.close()
