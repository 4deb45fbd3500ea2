"""What a request to a hook means, without the network around it.

A request is accepted once: its idempotency key is part of the id of its firing, and what it accepted is on the disk
before the answer is sent. A caller that gets no answer sends the same again and gets the same firing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from milonga.backends.local.clock import Clock
from milonga.backends.local.events.hook_refused import HookRefused
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing_table import FiringTable, event_id
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.records.stored_schedule import StoredSchedule
from milonga.backends.local.triggers import HookTrigger
from milonga.backends.preparation import checked_request
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph
from milonga.errors import UsageError

BODY_MAX = 1 << 20
"""Bytes of a body."""

_PREFIX = "/hooks/"
_KEY = re.compile(r"[!-~]{1,255}")
_MARK_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted, now or before.

    Attributes:
        firing: id of its firing.
        is_duplicate: whether it was accepted before.
    """

    firing: str
    is_duplicate: bool


def require_token(header: str, token: str) -> None:
    """Check `Authorization: Bearer TOKEN`; the time that it takes says nothing about the token.

    Raises:
        HookRefused: E973.
    """
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode()):
        raise HookRefused(
            401,
            "E973",
            "the token is missing or wrong" if header else "the token is missing",
            expected="Authorization: Bearer TOKEN",
            hint="the token is in the file hook-token of the state folder",
        )


def schedule_name(path: str) -> str:
    """The schedule that a path asks for.

    Raises:
        HookRefused: E975, the path is none of ours.
    """
    plain = path.partition("?")[0]
    if not plain.startswith(_PREFIX) or "/" in plain[len(_PREFIX) :] or plain == _PREFIX:
        raise HookRefused(404, "E975", "there is nothing here", got=plain[:200], expected="/hooks/NAME")
    try:
        return unquote(plain[len(_PREFIX) :], errors="strict")
    except UnicodeDecodeError:
        raise HookRefused(404, "E975", "there is no hook of this name", got=plain[:200], expected="UTF-8") from None


def checked_key(key: str | None) -> str:
    """The idempotency key of a request.

    Raises:
        HookRefused: E974, there is none, or it cannot be one.
    """
    if key is None or not _KEY.fullmatch(key):
        raise HookRefused(
            400,
            "E974",
            "the request has no idempotency key" if key is None else "the idempotency key has the wrong form",
            expected="Idempotency-Key: 1 to 255 visible ASCII characters, the same when the same is sent again",
        )
    return key


def read_arguments(body: bytes) -> dict[str, Any]:
    """The arguments in a body; an empty one has none.

    Raises:
        HookRefused: E974, it is no JSON object, or one that readers disagree about: a key twice, NaN.
    """
    if not body.strip():
        return {}
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_refused_constant)
        text = json.dumps(value, allow_nan=False)
    except RecursionError:
        raise HookRefused(400, "E974", "the body is nested too deeply") from None
    except ValueError as error:
        raise HookRefused(400, "E974", f"the body is no JSON: {error}"[:300]) from None
    if not isinstance(value, dict):
        raise HookRefused(400, "E974", "the body is no JSON object", got=text[:100], expected="arguments by input name")
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    if any(isinstance(value, float) and math.isinf(value) for _, value in pairs):
        raise ValueError("a number is too large")
    return dict(pairs)


def _refused_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def accept(places: Places, clock: Clock, name: str, key: str, arguments: Mapping[str, Any]) -> Accepted:
    """Record the firing of a request.

    Raises:
        HookRefused: E975 no such hook, or it is paused; E976 the key came with other arguments before; E902-E904, the
            arguments do not fit the pipeline.
        StoreError: E473-E475.
    """
    with ScheduleDatabase(places.database) as database:
        schedules, firings = ScheduleTable(database), FiringTable(database)
        schedule = schedules.named(name)
        if schedule is None or schedule.trigger.kind != HookTrigger.kind:
            raise HookRefused(404, "E975", "there is no hook of this name", got=name[:200])
        mark = hashlib.sha256(key.encode()).hexdigest()[:_MARK_LENGTH]
        merged = schedule.work.with_arguments(arguments).arguments
        before = firings.of_id(event_id(schedule, mark))
        if before is None:
            _require_fitting(schedules.pipeline_text(schedule.work.pipeline), merged)
        with database.transaction():
            present = schedules.numbered(schedule.number)
            before = firings.of_id(event_id(schedule, mark))
            if before is None:
                _require_open(present)
                firings.record_event(schedule, mark, _event(key, arguments), arguments, clock.now())
        if before is not None and before.event != _event(key, arguments):
            raise HookRefused(
                409,
                "E976",
                "this idempotency key came with other arguments before",
                hint="a new request needs a new key",
            )
        return Accepted(event_id(schedule, mark), before is not None)


def _event(key: str, arguments: Mapping[str, Any]) -> str:
    """The event for people, and what tells a repeated request from another one under its key."""
    text = json.dumps(dict(arguments), sort_keys=True)
    return f"request {key} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _require_open(schedule: StoredSchedule | None) -> None:
    if schedule is None:
        raise HookRefused(404, "E975", "the hook was deleted a moment ago")
    if not schedule.is_enabled:
        raise HookRefused(409, "E975", "the hook is paused", hint=f"milonga schedule resume {schedule.id}")


def _require_fitting(text: str, arguments: Mapping[str, Any]) -> None:
    try:
        checked_request(Graph.from_documents(parse_documents(text)), None, arguments)
    except UsageError as error:
        raise HookRefused(
            422, error.code, error.message, got=error.got, expected=error.expected, hint=error.hint
        ) from None
