"""A content store whose disk the faults of a run can fill, and whose content they can spoil.

Equal content is kept once for all runs. So what a fault spoils goes into a store of the run's own, and no other
run loses it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from milonga.engine.content import Content, ContentStore


class LeakyStore(ContentStore):
    """A content store that says before and after each artifact what happens.

    Args:
        store: the store as it would be without faults.
        own: root of the content that is spoilt.
        spoils: whether that of a path and name is.
        before: path and name of an artifact that is about to be stored; an OSError of it is one of the disk.
        after: its path, name and new place.
    """

    def __init__(
        self,
        store: ContentStore,
        own: Path,
        spoils: Callable[[Path, str], bool],
        before: Callable[[Path, str], None],
        after: Callable[[Path, str, Path], None],
    ) -> None:
        super().__init__(store.root, store.on_stored)
        self._own, self._spoils = own, spoils
        self._before, self._after = before, after

    def take(self, path: Path, name: str) -> tuple[Path, Content]:
        """As in a sound store."""
        if not self._spoils(path, name):
            return super().take(path, name)
        own = LeakyStore(ContentStore(self._own, self.on_stored), self._own, _nothing, self._before, self._after)
        place, content = own.take(path, name)
        self._after(path, name, place)
        return place, content

    def _put(self, path: Path, content: Content, name: str) -> Path:
        self._before(path, name)
        return super()._put(path, content, name)


def _nothing(path: Path, name: str) -> bool:
    return False
