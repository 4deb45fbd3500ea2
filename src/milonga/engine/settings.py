"""What a run asks of the engine. Built once by the caller, passed down, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from milonga.engine.cache.policy import CachePolicy
from milonga.engine.home import Home
from milonga.errors import UsageError

if TYPE_CHECKING:
    from milonga.engine.faults.base import Fault

Mode = Literal["isolated", "in-process", "container"]

ResourceRule = Literal["fit", "strict", "ignore"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of one run.

    Attributes:
        home: where state is kept.
        jobs: how many steps may run at the same time; 0 leaves it to the cores, of which a step takes those that it
            requests, or one.
        resources: what becomes of requests for cores, memory and GPUs. "fit": they are kept to, and what is more than
            the machine has is cut to it and said; "strict": such a step fails; "ignore": they do not count.
        mode: each attempt in a process of its own, or all in this one, for debugging, or each in a container of the
            image that its step declares. What is a container already is one in every mode.
        use_cache: whether earlier results may be used; results are recorded either way.
        cache_policy: for how long they may be used, and how much of them is kept.
        fail_fast: whether a failure keeps everything not yet started from starting.
        secrets: secret name → key → value, for tasks that take environment variables from secrets.
        search_path: extra folders for imports in tasks.
        installs: whether packages that a step declares and this environment lacks may be installed, into an environment
            of their own that is shared by content.
        scheduled_for: the time for which a schedule has started the run, as KFP writes it; by default when it was made.
        faults: what is made to go wrong, see `milonga.engine.faults`. They belong to this call: a run that is resumed
            without them has none.

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
    resources: ResourceRule = "fit"
    scheduled_for: str = ""
    faults: tuple[Fault, ...] = ()
    cache_policy: CachePolicy = field(default_factory=CachePolicy.chosen)

    def __post_init__(self) -> None:
        if self.jobs < 0:
            raise UsageError("E901", "the number of jobs must be 0 (all cores) or more", got=str(self.jobs))
        if self.mode not in get_args(Mode):
            raise UsageError("E901", "an unknown mode", got=self.mode, expected=", ".join(get_args(Mode)))
        if self.resources not in get_args(ResourceRule):
            raise UsageError(
                "E901", "an unknown rule for resources", got=self.resources, expected=", ".join(get_args(ResourceRule))
            )

        given: Mapping[str, Any] = self.secrets
        for name, values in given.items():
            if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
                raise UsageError(
                    "E901", f"the secret '{name}' is no mapping of texts", expected='{"secret": {"key": "value"}}'
                )

    @property
    def steps_at_once(self) -> int:
        """How many steps may run at the same time; 0 leaves it to what they ask for."""
        return 1 if self.mode == "in-process" else self.jobs
