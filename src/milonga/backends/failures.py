"""From what HTTP says about a failure to what milonga says: one code, and what to do, for each kind of failure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from milonga.backends.call_failed import CallFailed

_SHOWN_CHARACTERS_MAX = 600


def unreachable(where: str, reason: str) -> CallFailed:
    """No connection: nothing has been sent."""
    return CallFailed(
        "E800",
        "the remote system cannot be reached",
        outcome="unsent",
        is_passing=True,
        where=where,
        got=reason,
        hint="check the endpoint, the network, a port-forward or VPN that it needs",
    )


def untrusted(where: str, reason: str) -> CallFailed:
    """The server's certificate is not trusted: nothing has been sent, and waiting does not help."""
    return CallFailed(
        "E814",
        "the remote system's certificate is not trusted",
        outcome="unsent",
        is_passing=False,
        where=where,
        got=reason,
        hint="give the certificate authority of your organisation as a file: docs/how-to/submit-to-a-back-end.md",
    )


def answer_lost(where: str, reason: str) -> CallFailed:
    """The connection broke after something was sent."""
    return CallFailed(
        "E800",
        "the connection to the remote system broke before its answer came",
        outcome="unknown",
        is_passing=True,
        where=where,
        got=reason,
        hint="try again; if it happens each time, look for a proxy that cuts connections",
    )


def timed_out(where: str, timeout_s: float) -> CallFailed:
    """No answer in time."""
    return CallFailed(
        "E806",
        "the remote system did not answer in time",
        outcome="unknown",
        is_passing=True,
        where=where,
        expected=f"an answer within {timeout_s:g} s",
        hint="it is overloaded or stuck: try again later, and look at its own logs",
    )


def strange_answer(where: str, got: str, expected: str) -> CallFailed:
    """An answer that the API does not promise, such as the page of a proxy."""
    return CallFailed(
        "E808",
        "the answer is not one of this API",
        outcome="unknown",
        is_passing=False,
        where=where,
        got=shortened(got),
        expected=expected,
        hint="the endpoint may be that of a web page or a login proxy: check its path",
    )


def require_new_page(seen: set[str], token: str, where: str) -> None:
    """Keep the token of the next page; one that came before would lead round in a circle for ever.

    Raises:
        CallFailed: E808.
    """
    if token in seen:
        raise strange_answer(where, f"the page {token!r} again", "a list of pages that ends")
    seen.add(token)


def failure_of_status(
    status: int, body: str, where: str, *, headers: Mapping[str, str] | None = None, login_hint: str = ""
) -> CallFailed:
    """The failure behind an HTTP status that is no success.

    Args:
        status: the status, 300 or more.
        body: the answer's body, of any form.
        where: what was asked for.
        headers: the answer's headers, in any case.
        login_hint: how this back end takes credentials.
    """
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    said = server_message(body)
    if status < 400:
        return _redirected(status, where, lower.get("location", ""), login_hint)
    code, message, hint = _meaning(status, login_hint)
    return CallFailed(
        code,
        message,
        outcome="unknown" if status >= 500 or status == 408 else "refused",
        is_passing=status in (408, 429) or (status >= 500 and status != 501),
        status=status,
        retry_after_s=_seconds(lower.get("retry-after", "")),
        where=where,
        got=f"HTTP {status}: {said}" if said else f"HTTP {status}",
        hint=hint,
    )


def _meaning(status: int, login_hint: str) -> tuple[str, str, str]:
    if status == 401:
        return "E801", "the remote system does not accept the credentials", login_hint
    if status == 403:
        return (
            "E802",
            "the credentials are not allowed to do this",
            "ask for the right there, or check the namespace or project",
        )
    if status == 404:
        return "E804", "the remote system has nothing at this address", "check the endpoint, its path included"
    if status == 408:
        return "E806", "the remote system gave up waiting for the request", "try again"
    if status == 429:
        return "E807", "the remote system gets too many requests", "wait a minute, or ask for a higher quota there"
    if status >= 500:
        return "E805", "the remote system failed", "try again later; its operators find the cause in its logs"
    return "E803", "the remote system refuses the request", "the answer says what it does not like"


def _redirected(status: int, where: str, location: str, login_hint: str) -> CallFailed:
    is_login = bool(re.search(r"login|signin|sign_in|oauth|auth|dex", location, re.IGNORECASE))
    return CallFailed(
        "E801" if is_login else "E811",
        "the remote system wants a login" if is_login else "the remote system sends us elsewhere",
        outcome="refused",
        is_passing=False,
        status=status,
        where=where,
        got=f"HTTP {status}" + (f" to {location.split('?')[0]}" if location else ""),
        hint=login_hint if is_login else "give that address as the endpoint",
    )


def server_message(body: str) -> str:
    """The sentence in an error body: Google's form, grpc-gateway's, that of KFP's upload service, or plain text."""
    try:
        document = json.loads(body)
    except ValueError:
        text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", body, flags=re.DOTALL | re.IGNORECASE)
        return shortened(" ".join(text.split()))
    return shortened(" ".join(_sentence(document).split()))


def _sentence(document: Any) -> str:
    if isinstance(document, list) and document:
        return _sentence(document[0])
    if not isinstance(document, dict):
        return str(document or "")
    for key in ("message", "error_message", "error", "error_description"):
        found = document.get(key)
        if isinstance(found, dict):
            return _sentence(found)
        if isinstance(found, str) and found:
            return found
    return json.dumps(document, sort_keys=True)


def shortened(text: str) -> str:
    """At most a few lines of somebody else's text, control characters left out."""
    clean = "".join(character for character in text if character.isprintable())
    return clean if len(clean) <= _SHOWN_CHARACTERS_MAX else clean[: _SHOWN_CHARACTERS_MAX - 3] + "..."


def _seconds(text: str) -> float:
    """`Retry-After` in its form of seconds; a date, its other form, is left to our own pauses."""
    return float(text) if re.fullmatch(r"\d{1,6}", text.strip()) else 0.0
