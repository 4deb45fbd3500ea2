"""Names of the volume claims that a run makes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def claim_name(workflow: str, leaf: str, indices: Sequence[int], suffix: str) -> str:
    """The name of a claim to which its author has given none: the same in each attempt, and known to every pod.

    Args:
        workflow: name of the run's Workflow.
        leaf: name in the store of the step that makes it.
        indices: of the iterations around that step, the outermost first.
        suffix: what the author wants it to end with, "" for nothing.
    """
    ending = suffix.removeprefix("-")
    return "-".join([workflow, claim_digest(leaf), *map(str, indices), *([ending] if ending else [])])


def claim_digest(leaf: str) -> str:
    """What stands for a step in the name of its claim: names of steps may have upper case letters."""
    return hashlib.sha256(leaf.encode()).hexdigest()[:10]
