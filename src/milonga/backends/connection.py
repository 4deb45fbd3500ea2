"""What the connections to all back ends have in common: a client that is made once, and patience that may change."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from milonga.backends.patience import Patience

ConnectionT = TypeVar("ConnectionT", bound="Connection[Any]")
SettingsT = TypeVar("SettingsT")
T = TypeVar("T")


class Connection(Generic[SettingsT]):
    """A back end's system. Its client is made when it is first needed; not thread-safe until then.

    Attributes:
        settings: where it is, and as whom.
        patience: how long to wait for it.
    """

    def __init__(self, settings: SettingsT, patience: Patience) -> None:
        self.settings = settings
        self.patience = patience
        self._kept: dict[str, Any] = {}

    def with_patience(self: ConnectionT, patience: Patience) -> ConnectionT:
        """This connection, its client included, with other waiting."""
        other = copy.copy(self)
        other.patience = patience
        return other

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gave the first time that this connection, with whatever patience, was asked for `name`."""
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found
