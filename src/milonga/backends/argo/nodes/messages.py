"""What nodes and pods say, as far as it tells a person something."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ORDINARY = re.compile(r"(PodInitializing|ContainerCreating|omitted: .*|child '.*' failed)?", re.DOTALL)
_PREFIX = re.compile(r"^\w[-\w]*: Error \(exit code \d+\): (?=E\d{3}: )")
_CODE = re.compile(r"(E\d{3}): (.*)", re.DOTALL)


def told(message: str) -> str:
    """The message of a node; "" for what is ordinary, and without Argo's words before milonga's own."""
    text = message.strip()
    return "" if _ORDINARY.fullmatch(text) else _PREFIX.sub("", text)


def error_of(message: str) -> dict[str, str]:
    """A message as the error of a record: its code, where the task itself has written one, and the rest."""
    found = _CODE.fullmatch(message)
    code, text = (found[1], found[2]) if found is not None else ("E410", message or "the task has failed")
    first, _, more = text.partition("\n")
    return {"code": code, "message": first, **({"traceback": more} if more.strip() else {})}


def new_reasons(reasons: Iterable[str], message: str) -> tuple[str, ...]:
    """Those of several sentences that say more than the message and the sentences before them."""
    said, found = [message], []
    for reason in reasons:
        core = reason.partition(": ")[2] or reason
        if not any(core in text for text in said):
            said.append(reason)
            found.append(reason)
    return tuple(found)
