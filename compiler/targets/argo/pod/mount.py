"""A volume of the pod and its place in the main container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Mount:
    """One volume.

    Attributes:
        name: its name in the pod.
        source: what it is, in the words of Kubernetes: {"secret": {...}}.
        mount_path: absolute place in the main container.
        known_as: the name by which init containers mount it; "" when only the run knows it.
        given: the name on which its presence hangs: a `RuntimeValue` when it may be left out; None when it may not.
        options: more fields of the mount.
    """

    name: str
    source: Mapping[str, Any]
    mount_path: str
    known_as: str = ""
    given: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
