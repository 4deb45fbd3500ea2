"""What the kernel lets a program be given: no NUL, nothing that is no Unicode, nothing longer than 128 KiB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from milonga.errors import RunError

_BYTES_MAX = 128 * 1024
"""Linux takes less than this in one argument or variable (MAX_ARG_STRLEN), on every cluster as well."""


def require_passable(arguments: Iterable[str], environment: Mapping[str, str]) -> None:
    """Check an argument list and variables before a process is made for them.

    Raises:
        RunError: E464, one of them cannot be given to any program.
    """
    for number, argument in enumerate(arguments):
        _require(argument, f"argument {number} of the container")
    for name, value in environment.items():
        if not name or "=" in name:
            raise RunError("E464", "a variable has a name that no program can be given", got=repr(name)[:120])
        _require(f"{name}={value}", f"variable '{name}'")


def _require(text: str, what: str) -> None:
    problem = ""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        problem = "holds a lone surrogate, which is no Unicode text"
    else:
        if "\0" in text:
            problem = "holds a NUL character"
        elif size >= _BYTES_MAX:
            problem = f"has {size} bytes; a program takes less than {_BYTES_MAX}"
    if problem:
        hint = "pass large or binary data as an artifact; the same step would fail on a cluster"
        raise RunError("E464", f"{what} {problem}", hint=hint)
