"""Where things lie in a pod and in the store."""

from __future__ import annotations

from collections.abc import Sequence

CODE = "/milonga/code"
"""The program of every pod, and the pipeline's recipes."""

PROGRAM_FILE = "run.pyz"
RECIPES_FILE = "pipeline.z"
INPUTS = "/milonga/in"
"""Objects of the store, each under the number of its slot."""

OUTPUTS = "/milonga/out"
RESULT = "r"
"""The folder of a step's outputs, artifacts' contents apart, and what it is called in the store."""

WORKING = "w"
"""What that folder is called until the step has succeeded: Argo fails a step without a result."""

RECORD_FILE = "record.json"
DONE_FILE = "done"
"""Written last by a container's start script: without it, what lies beside it is of a failed attempt."""

REPORT_FILE = "executor_output.json"
PARAMETERS = "parameters"
"""Folder in the result: outputs that the command has written as files."""

TREE = "t"
"""Folder of what a pod with several tasks stores: packed objects, each below its key in the store."""

OWN, KEPT = "o", "c"
"""Input folders of such a pod: with numbers after them, what its tasks have made earlier in this run and in others."""

JOURNAL = "journal"
"""What such a pod notes of its tasks."""

CONTROL = "v"
"""Folder of the values that Argo itself needs."""

SCRIPT_FILE = "run.sh"


def artifact_object(slug: str) -> str:
    """What the content of an output artifact is called in the store."""
    return f"a-{slug}"


STORE = "milonga"
"""Where everything of milonga's lies in the bucket."""

RUNS, CACHE = "runs", "cache"
"""Below that: what belongs to a run, by its id; results for later runs, by what decides them."""

EARLIER = "c"
"""Input folder of the step's own result of an earlier time; its contents are beside it, as "c-" and their names."""


REUSE_PARAMETER = "milonga-reuse"
"""Workflow parameter: "no" makes every step run, whatever is kept; what they make is kept all the same."""


def run_prefix(uid: str) -> str:
    """Where everything of a run lies in the bucket."""
    return f"{STORE}/{RUNS}/{uid}"


def object_key(leaf: str, what: str, indices: Sequence[int]) -> str:
    """The key of an object, below the run's prefix.

    Args:
        leaf: name of the step's results.
        what: `RESULT` or an `artifact_object`.
        indices: of the iterations around the step, the outermost first.
    """
    return "/".join([leaf, what, *map(str, indices)]) + ".tgz"


def journal_key(leaf: str, indices: Sequence[int]) -> str:
    """The key of the journal of a pod with several tasks, below the run's prefix."""
    return "/".join([leaf, JOURNAL, *map(str, indices)]) + ".json"
