"""What nodes and pods say, as far as it tells a person something."""

from __future__ import annotations

import re
from collections.abc import Iterable

from milonga.engine.executor_output import WITHOUT_RESULT
from milonga.runtime.argo.layout import OUTPUTS, RESULT

_ORDINARY = re.compile(r"(PodInitializing|ContainerCreating|omitted: .*|child '.*' failed)?", re.DOTALL)
_PREFIX = re.compile(r"^\w[-\w]*: Error \(exit code \d+\): (?=E\d{3}: )")
_NO_RESULT = re.compile(
    rf"wait: Error \(exit code \d+\): stat \S*{re.escape(f'{OUTPUTS}/{RESULT}')}: no such file or directory;?"
)
"""What Argo says of a step that should have left a result and has not."""

_CODE = re.compile(r"(E\d{3}): (.*)", re.DOTALL)
_PULL = re.compile(r"(?:ErrImagePull|ImagePullBackOff): .*?image \"(?P<image>[^\"]+)\"(?P<rest>.*)", re.DOTALL)
_ON_THE_WAY = re.compile(
    r"^[: ]*(ErrImagePull(?=: )|rpc error: code = \w+ desc =|failed to [a-z ]+(\"[^\"]*\")?(?=: )"
    r"|[A-Z][a-z]+ \"\S+\"(?=: ))"
)
"""What containerd and the kubelet put before the reason: who asked whom, with the image each time."""


def told(message: str) -> str:
    """The message of a node; "" for what is ordinary, and without Argo's words before milonga's own."""
    text = message.strip()
    if _NO_RESULT.fullmatch(text):
        return f"E416: {WITHOUT_RESULT}"
    return "" if _ORDINARY.fullmatch(text) else pull_told(_PREFIX.sub("", text))


def pull_told(message: str) -> str:
    """Why an image cannot be pulled, the image named once; other messages as they are."""
    found = _PULL.fullmatch(message)
    if found is None:
        return message
    rest, before = found["rest"], ""
    while rest != before:
        before, rest = rest, _ON_THE_WAY.sub("", rest)
    reason = rest.strip(" :").removeprefix(f"{found['image']}: ")
    return f"cannot pull {found['image']}{': ' if reason else ''}{reason}"


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
