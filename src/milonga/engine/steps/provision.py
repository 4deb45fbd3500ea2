"""Something that must be brought here before a step can be prepared: packages, or the image of a container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provision:
    """Work that is done once, on a thread beside the engine, while other steps go on.

    Attributes:
        key: equal keys are the same work; it is done once a run.
        title: what progress says while it lasts, such as "packages of 'train'".
        provide: does it. May run for minutes; is safe against other processes that do the same, and leaves nothing half
            done when it is killed. Raises a `MilongaError` when it cannot be done; the steps that need it fail with it.
            Afterwards `StepKind.prepare` is called again and finds what it lacked.
    """

    key: str
    title: str
    provide: Callable[[], None]
