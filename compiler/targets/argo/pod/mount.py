"""A volume of the pod and its place in the main container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Mount:
    """One volume.

    Attributes:
        name: its name in the pod; a `RuntimeValue` for a claim that only the run knows.
        source: what it is, in the words of Kubernetes: {"secret": {...}}.
        mount_path: absolute place in the main container.
        known_as: the name by which init containers mount it; "" when only the run knows it.
        given: the name on which its presence hangs: a `RuntimeValue` when it may be left out; None when it may not.
        options: more fields of the mount.
    """

    name: Any
    source: Mapping[str, Any]
    mount_path: str
    known_as: str = ""
    given: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def volume(self) -> dict[str, Any]:
        """Its entry among the volumes of the pod."""
        return {"name": self.name, **self.source}

    @property
    def place(self) -> dict[str, Any]:
        """Its entry among the mounts of the main container."""
        return {"name": self.name, "mountPath": self.mount_path, **self.options}
