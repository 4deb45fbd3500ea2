"""Whether retries, caching and triggers of a task say something that a back end can follow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.task import COMPLETED
from milonga.compiler.scope import Scope

_DURATION = re.compile(r"[0-9]+(\.[0-9]{1,9})?s")
"""A duration in protobuf's JSON (google.protobuf.Duration): seconds, at most nine digits behind the point."""

_STRATEGIES = ("TRIGGER_STRATEGY_UNSPECIFIED", "ALL_UPSTREAM_TASKS_SUCCEEDED", COMPLETED)


def retries_are_possible(scope: Scope) -> Iterator[Diagnostic]:
    """Attempts are counted from 0, waits are durations, and each wait is no shorter than the one before."""
    for name, task in scope.tasks.items():
        policy = task.retry_policy
        if policy is None:
            continue
        if policy.max_retry_count is not None and policy.max_retry_count < 0:
            got = str(policy.max_retry_count)
            yield scope.finding("E247", "the number of retries is negative", task=name, got=got, expected="0 or more")
        if policy.backoff_factor is not None and policy.backoff_factor != 0 and not policy.backoff_factor >= 1:
            got = str(policy.backoff_factor)
            yield scope.finding(
                "E247", "the waits between retries would get shorter", task=name, got=got, expected="1 or more"
            )
        for field, duration in (
            ("backoffDuration", policy.backoff_duration),
            ("backoffMaxDuration", policy.backoff_max_duration),
        ):
            if duration is not None and not _DURATION.fullmatch(duration):
                yield scope.finding(
                    "E247",
                    f"'{field}' is no duration",
                    task=name,
                    got=duration[:80],
                    expected='seconds, such as "3.5s"',
                )


def cache_keys_are_used(scope: Scope) -> Iterator[Diagnostic]:
    """A cache key stands at a task whose results are cached."""
    for name, task in scope.tasks.items():
        options = task.caching_options
        if options is not None and options.cache_key and not options.enable_cache:
            yield scope.finding(
                "E248",
                "the task has a cache key, and its results are not cached",
                task=name,
                severity="warning",
                hint="set enableCache, or remove the key",
            )


def trigger_strategies_are_known(scope: Scope) -> Iterator[Diagnostic]:
    """A trigger strategy is one that KFP's IR has."""
    for name, task in scope.tasks.items():
        strategy = task.trigger_policy.strategy if task.trigger_policy is not None else None
        if strategy is not None and strategy not in _STRATEGIES:
            yield scope.finding(
                "E249",
                "the trigger strategy is not known",
                task=name,
                got=strategy[:80],
                expected=", ".join(_STRATEGIES),
                hint=scope.nearest(strategy, _STRATEGIES),
            )


def waits_have_an_end(scope: Scope) -> Iterator[Diagnostic]:
    """A task that runs when others have ended, whether they failed or not, waits for at least one."""
    for name, task in scope.tasks.items():
        if task.runs_anyway and not task.producers():
            yield scope.finding(
                "E250",
                "the task runs when all tasks before it have ended, and there is none before it",
                task=name,
                severity="warning",
                hint="name the tasks under 'dependentTasks', or remove the strategy",
            )
