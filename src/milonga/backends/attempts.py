"""Sending a request again when, and only when, that cannot make something twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from milonga.backends.call_failed import CallFailed
from milonga.backends.patience import Patience

T = TypeVar("T")


def repeated(call: Callable[[], T], patience: Patience) -> T:
    """The answer to a request that may be sent any number of times.

    Raises:
        CallFailed: that of the last attempt, or the first one that will not pass.
    """
    for pause in patience.pauses():
        try:
            return call()
        except CallFailed as failure:
            if not failure.is_passing:
                raise
            _sleep(failure, pause, patience)
    return call()


def removed(call: Callable[[], object], patience: Patience) -> None:
    """Send a request that removes something: an answer of 404 after one that was lost means that the first did it.

    Raises:
        CallFailed: as `repeated`.
    """
    is_lost = False

    def remove() -> None:
        nonlocal is_lost
        try:
            call()
        except CallFailed as failure:
            if is_lost and failure.status == 404:
                return
            is_lost = is_lost or failure.outcome == "unknown"
            raise

    repeated(remove, patience)


def made_by_name(make: Callable[[], T], find: Callable[[], T | None], patience: Patience) -> T:
    """The answer to a request whose name makes a second one impossible: the system answers 409 to it.

    Args:
        make: sends the request.
        find: what is there under that name; None when there is nothing.
        patience: how often, and how long.

    Raises:
        CallFailed: the request failed, or its name is taken by something that cannot be found.
    """

    def made_or_found() -> T:
        try:
            return make()
        except CallFailed as failure:
            found = find() if failure.status == 409 else None
            if found is None:
                raise
            return found

    return repeated(made_or_found, patience)


def made_once(make: Callable[[], T], find: Callable[[], T | None], patience: Patience, what: str) -> T:
    """The answer to a request that makes a new thing each time it arrives.

    It is sent again only when it has had no effect: it was never sent, or refused for now (429). When its answer is
    lost, `find` looks for what it has made.

    Args:
        make: sends the request, which carries a mark of its own.
        find: what carries that mark; None when there is nothing.
        patience: how often, and how long.
        what: what is made, for the message.

    Raises:
        CallFailed: the request failed; E809, it may or may not have had its effect.
    """
    for pause in (*patience.pauses(), None):
        try:
            return make()
        except CallFailed as failure:
            if failure.outcome == "unknown":
                return _found(find, failure, patience, what)
            if not failure.is_passing or pause is None:
                raise
            _sleep(failure, pause, patience)
    raise AssertionError("the last attempt returns or raises")


def _found(find: Callable[[], T | None], failure: CallFailed, patience: Patience, what: str) -> T:
    """What a request has made whose answer was lost. The system may be slower than its proxy, so several looks."""
    try:
        for pause in patience.pauses():
            found = repeated(find, patience)
            if found is not None:
                return found
            time.sleep(pause)
    except CallFailed:
        pass  # what is told is why the answer was lost, not why it could not be looked for
    raise CallFailed(
        "E809",
        f"it is not known whether the {what} was made: the answer was lost and it is not listed",
        outcome="unknown",
        is_passing=False,
        status=failure.status,
        where=failure.where,
        got="; ".join(part for part in (failure.message, failure.got) if part),
        hint=f"look for the {what} on the page of the remote system before you submit again",
    ) from failure


def _sleep(failure: CallFailed, pause: float, patience: Patience) -> None:
    time.sleep(min(max(pause, failure.retry_after_s), patience.longest_pause_s))
