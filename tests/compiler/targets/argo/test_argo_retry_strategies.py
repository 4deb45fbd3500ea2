"""Repetition in the words of Argo."""

from __future__ import annotations

from typing import Any

import pytest

from milonga.compiler.graph import Task, wire
from milonga.compiler.targets.argo.retries import retry_strategy
from milonga.errors import UnsupportedByTarget


def strategy(**policy: Any) -> dict[str, Any]:
    return retry_strategy(wire.load(Task, {"retryPolicy": policy}, "task"), "somewhere")


def test_a_task_without_retries_has_no_strategy() -> None:
    assert retry_strategy(wire.load(Task, {}, "task"), "somewhere") == {}
    assert strategy(maxRetryCount=0) == {}


def test_pods_that_were_deleted_are_repeated_as_well() -> None:
    assert strategy(maxRetryCount=3) == {"limit": 3, "retryPolicy": "Always"}


@pytest.mark.parametrize(("duration", "seconds"), [("2s", "2"), ("0.5s", "1"), ("1.2s", "2"), ("60s", "60")])
def test_a_pause_is_in_whole_seconds_and_never_shorter(duration: str, seconds: str) -> None:
    made = strategy(maxRetryCount=1, backoffDuration=duration)
    assert made["backoff"] == {"duration": seconds, "factor": 2, "cap": "3600s"}


def test_a_pause_of_nothing_is_none() -> None:
    assert "backoff" not in strategy(maxRetryCount=1, backoffDuration="0s")


def test_factor_and_longest_pause_are_the_authors() -> None:
    made = strategy(maxRetryCount=1, backoffDuration="1s", backoffFactor=3.0, backoffMaxDuration="20s")
    assert made["backoff"] == {"duration": "1", "factor": 3, "cap": "20s"}


def test_a_factor_that_argo_cannot_have_is_refused() -> None:
    with pytest.raises(UnsupportedByTarget) as caught:
        strategy(maxRetryCount=1, backoffDuration="1s", backoffFactor=1.5)
    assert caught.value.code == "E319" and caught.value.where == "somewhere" and caught.value.got == "1.5"
