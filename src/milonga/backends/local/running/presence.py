"""Whether a scheduler process looks after a state folder: while it does, it holds a lock, together with others."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from milonga.backends.local.places import Places
from milonga.engine.run_lock import is_locked


@contextmanager
def present(places: Places) -> Iterator[None]:
    """Be there."""
    places.folder.mkdir(parents=True, exist_ok=True)
    with places.presence.open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield


def is_present(places: Places) -> bool:
    """Whether some scheduler is there now."""
    return is_locked(places.presence, also_shared=True)
