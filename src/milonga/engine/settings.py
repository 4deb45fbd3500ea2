"""What a run asks of the engine. Built once by the caller, passed down, never changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from milonga.engine.home import Home
from milonga.errors import UsageError

Mode = Literal["isolated", "in-process", "container"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of one run.

    Attributes:
        home: where state is kept.
        jobs: how many steps may run at the same time; 0 is the number of cores.
        mode: each attempt in a process of its own, or all in this one, for debugging, or each in a container of the image
            that its step declares. What is a container already is one in every mode.
        use_cache: whether earlier results may be used; results are recorded either way.
        fail_fast: whether a failure keeps everything not yet started from starting.
        secrets: secret name → key → value, for tasks that take environment variables from secrets.
        search_path: extra folders for imports in tasks.
        installs: whether packages that a step declares and this environment lacks may be installed, into an environment
            of their own that is shared by content.

    Raises:
        UsageError: E901, a value breaks a rule.
    """

    home: Home = field(default_factory=Home.default)
    jobs: int = 0
    mode: Mode = "isolated"
    use_cache: bool = True
    fail_fast: bool = False
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ()
    installs: bool = True

    def __post_init__(self) -> None:
        if self.jobs < 0:
            raise UsageError("E901", "the number of jobs must be 0 (all cores) or more", got=str(self.jobs))
        if self.mode not in get_args(Mode):
            raise UsageError("E901", "an unknown mode", got=self.mode, expected=", ".join(get_args(Mode)))

    @property
    def slots(self) -> int:
        """How many steps may run at the same time."""
        if self.mode == "in-process":
            return 1
        return self.jobs or available_cores()


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
