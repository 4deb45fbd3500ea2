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


def made_by_name(make: Callable[[], T], find: Callable[[], T | None], patience: Patience, fresh: str = "") -> T:
    """The answer to a request whose name makes a second one impossible: the system answers 409 to it.

    When its answers stay lost, what it may have made is looked for.

    Args:
        make: sends the request.
        find: what is there under that name; None when there is nothing. One request, sent once.
        patience: how often, and how long.
        fresh: what is made, with its name, where nobody else asks for this name again, so that losing sight of it
            would start it twice; "" where the next call asks for the same name.

    Raises:
        CallFailed: the request failed, or its name is taken by something that cannot be found; E809, with `fresh`, it
            may or may not have had its effect.
    """
    is_lost = False
    for pause in (*patience.pauses(), None):
        try:
            return make()
        except CallFailed as failure:
            is_lost = is_lost or failure.outcome == "unknown"
            if failure.status != 409 and failure.is_passing and pause is not None:
                _sleep(failure, pause, patience)
                continue
            found = repeated(find, patience) if failure.status == 409 else _seen(find, patience) if is_lost else None
            if found is not None:
                return found
            if fresh and is_lost and failure.status != 409:
                raise _unsure(fresh, failure) from failure
            raise
    raise AssertionError("the last attempt returns or raises")


def made_once(make: Callable[[], T], find: Callable[[], T | None], patience: Patience, what: str) -> T:
    """The answer to a request that makes a new thing each time it arrives.

    It is sent again only when it has had no effect: it was never sent, or refused for now (429). When its answer is
    lost, `find` looks for what it has made.

    Args:
        make: sends the request, which carries a mark of its own.
        find: what carries that mark; None when there is nothing. One request, sent once.
        patience: how often, and how long.
        what: what is made, with its name, for the message.

    Raises:
        CallFailed: the request failed; E809, it may or may not have had its effect.
    """
    for pause in (*patience.pauses(), None):
        try:
            return make()
        except CallFailed as failure:
            if failure.outcome == "unknown":
                found = _seen(find, patience)
                if found is None:
                    raise _unsure(what, failure) from failure
                return found
            if not failure.is_passing or pause is None:
                raise
            _sleep(failure, pause, patience)
    raise AssertionError("the last attempt returns or raises")


def _seen(find: Callable[[], T | None], patience: Patience) -> T | None:
    """What a request has made whose answer was lost. The system may be slower than its proxy, so several looks.

    What is told in the end is why the answer was lost, not why it could not be looked for.
    """
    for pause in (*patience.pauses(), None):
        try:
            found = find()
        except CallFailed as failure:
            if not failure.is_passing:
                return None
            found = None
        if found is not None or pause is None:
            return found
        time.sleep(pause)
    return None


def _unsure(what: str, failure: CallFailed) -> CallFailed:
    return CallFailed(
        "E809",
        f"it is not known whether the {what} was made: the answer was lost and it is not listed",
        outcome="unknown",
        is_passing=False,
        status=failure.status,
        where=failure.where,
        got="; ".join(part for part in (failure.message, failure.got) if part),
        hint=f"look for the {what} on the page of the remote system before you submit again",
    )


def _sleep(failure: CallFailed, pause: float, patience: Patience) -> None:
    time.sleep(min(max(pause, failure.retry_after_s), patience.longest_pause_s))
