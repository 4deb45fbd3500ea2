"""What Argo tells the program: the arguments of its container."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PodRequest:
    """One pod's work.

    Attributes:
        mode: "run" calls the task, "probe" computes values for Argo, "prepare" writes the start script of a container
            that has no Python, "together" runs a part of the pipeline.
        leaf: name of the results in the store.
        indices: of the iterations around it, the outermost first.
        workflow: name of the run's Workflow.
        uid: its id.
        created: when it was made, RFC 3339.
        given: inputs of the pipeline that the task reads, as JSON, in the recipe's order.
        keys: below which keys of the store results of later use are kept, in the plan's order.
        phases: how tasks before it have ended, in Argo's words, in the recipe's order.
        reuses: whether a result of an earlier run will do.
    """

    mode: str
    leaf: str
    indices: tuple[int, ...]
    workflow: str
    uid: str
    created: str
    given: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    reuses: bool = True

    @classmethod
    def from_args(cls, arguments: Sequence[str]) -> PodRequest:
        """The request behind the arguments: six fixed ones, then "i:JSON" for each input, "s:PHASE" for each
        state, "c:KEY" for each key, and "r:no" where no earlier result will do.
        """
        mode, leaf, indices, workflow, uid, created, *more = arguments
        return cls(
            mode=mode,
            leaf=leaf,
            indices=tuple(int(index) for index in indices.split("/") if index),
            workflow=workflow,
            uid=uid,
            created=created,
            given=tuple(text[2:] for text in more if text.startswith("i:")),
            phases=tuple(text[2:] for text in more if text.startswith("s:")),
            keys=tuple(text[2:] for text in more if text.startswith("c:")),
            reuses="r:no" not in more,
        )


def final_status(task: str, phase: str) -> dict[str, Any]:
    """KFP's PipelineTaskFinalStatus for what Argo says of a task; it knows two final states."""
    if phase == "Succeeded":
        return {"state": "SUCCEEDED", "pipelineJobResourceName": "", "pipelineTaskName": task, "error": {}}
    error = {"code": 1, "message": f"the task has ended as {phase}"}
    return {"state": "FAILED", "pipelineJobResourceName": "", "pipelineTaskName": task, "error": error}


def given_value(text: str, kind: str) -> Any:
    """The value of an input of the pipeline; None when it was not given.

    A person who starts a run with Argo's own tools may write a text without quotes where JSON is meant.

    Args:
        text: what Argo has.
        kind: KFP's type of the input, "" where it has none.
    """
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if kind == "STRING" and value is not None and not isinstance(value, str) else value
