"""What a person can do about what Argo and Kubernetes say."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OF_THE_TASK = re.compile(r"E\d{3}: ")
_ADVICE: Sequence[tuple[str, str]] = (
    (r"OOMKilled", "the task wanted more memory than its limit: give it more (`memory=`), or less to do at a time"),
    (
        r"pod deleted|terminated in response to|preempt(ed|ing) |node was lost|NodeLost|Terminated in response",
        "the pod was taken away while it ran, by somebody or with its node: "
        "`milonga retry` runs it again, `retries=` would have done so",
    ),
    (
        r"emptyDir volume .* exceeds|Usage of EmptyDir|ephemeral[- ](local )?storage",
        "the task wrote more to the disk of its node than it may: raise the limit, or write to a volume",
    ),
    (r"The node was low on resource", "the node ran short, and the pod had to go: request what the task needs"),
    (
        r"cannot pull |ErrImagePull|ImagePullBackOff|InvalidImageName",
        "check the image's name, and that the nodes may pull it; the cluster goes on trying, `milonga cancel` ends it",
    ),
    (
        r"nodes are available: .*(Insufficient|didn't match|untolerated)",
        "no node has what the task asks for: ask for less, add a node, or end the run with `milonga cancel`",
    ),
    (
        r"(put|get|load|save|upload|download|open).*(connection refused|no such host|i/o timeout|no route to host)"
        r"|(connection refused|no such host|i/o timeout).*(bucket|artifact)",
        "the object store could not be reached from the pod for minutes: `milonga retry` goes on once it answers again",
    ),
)


def advice_on(message: str) -> str:
    """What can be done about a message of a node or pod; "" for nothing, and for what the task itself has said."""
    if _OF_THE_TASK.match(message):
        return ""
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, message, re.DOTALL)), "")


def advised(message: str) -> str:
    """A message, and what can be done about it."""
    advice = advice_on(message)
    return f"{message} ({advice})" if advice else message
