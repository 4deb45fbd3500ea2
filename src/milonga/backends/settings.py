"""The settings of a back end: given ones first, then the environment; unknown and missing ones are errors."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from milonga.backends.backend_option import BackendOption, Use
from milonga.errors import UsageError


def require_known(backend: str, options: Sequence[BackendOption], given: Mapping[str, str]) -> None:
    """Nothing may be given that the back end would ignore.

    Raises:
        UsageError: E931 a setting that there is not, E933 a value that is no text, or empty.
    """
    known = {option.name: option for option in options}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            taken = ", ".join(option.flag for option in options if not option.secret)
            raise UsageError(
                "E931",
                f"the back end '{backend}' has no setting '{name}'",
                expected=taken,
                hint=f"did you mean '{known[near[0]].flag}'?" if near else "",
            )
        if not isinstance(value, str):
            got = f"{type(value).__name__}" if known[name].secret else repr(value)[:120]
            raise UsageError("E933", f"the setting '{name}' is no text", got=got, expected=known[name].ways)
        if not value.strip():
            raise UsageError(
                "E933",
                f"the setting '{name}' is empty",
                expected=f"{known[name].ways}: {known[name].description}",
                hint="a variable of the shell that is not set? Leave the setting out to take the environment's",
            )


def require_used(backend: str, options: Sequence[BackendOption], given: Iterable[str], uses: Iterable[Use]) -> None:
    """No setting may be given that the call would not look at.

    Raises:
        UsageError: E931.
    """
    chosen = set(uses)
    for option in options:
        if option.name in given and option.used_by not in chosen:
            raise UsageError(
                "E931",
                f"the setting '{option.name}' of the back end '{backend}' is not used here",
                hint=f"it belongs to starting a {option.used_by}: leave it out",
            )


def filled_in(options: Sequence[BackendOption], given: Mapping[str, str]) -> dict[str, str]:
    """Every option's value: the given one, else the first that the environment has, else ""."""
    values: dict[str, str] = {}
    for option in options:
        candidates = [given.get(option.name, ""), *(os.environ.get(name, "") for name in option.environment)]
        values[option.name] = next((text.strip() for text in candidates if text.strip()), "")
    return values


def missing(backend: str, option: BackendOption, hint: str = "") -> UsageError:
    """The error for a setting that the back end cannot do without."""
    return UsageError(
        "E932",
        f"the back end '{backend}' needs the setting '{option.name}'",
        expected=f"{option.ways}: {option.description}",
        hint=hint,
    )


def wrong(option: BackendOption, value: str, expected: str) -> UsageError:
    """The error for a value that is not of the form that it must have."""
    return UsageError(
        "E933", f"the setting '{option.name}' has the wrong form", got=repr(value), expected=expected, hint=option.ways
    )


def require_header_text(option: BackendOption, value: str) -> None:
    """A credential that cannot stand in an HTTP header would be quoted by the error of the HTTP library.

    Raises:
        UsageError: E933, without the value.
    """
    if not all(" " <= character <= "~" for character in value):
        raise UsageError(
            "E933", f"{option.description} has characters that no HTTP header may have", expected=option.ways
        )


def checked_endpoint(option: BackendOption, value: str) -> str:
    """An endpoint without the slash at its end; "" stays "".

    Raises:
        UsageError: E933, it is no address of a web server.
    """
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        shown = value if "@" not in value else ""  # what stands before an @ may be a password
        raise wrong(option, shown, "such as https://kubeflow.example.org/pipeline, without user name, query or #")
    return value.rstrip("/")
