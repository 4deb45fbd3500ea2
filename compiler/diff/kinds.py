"""The kinds of differences between pipelines, and which kind a fact that came, went or changed becomes.

The words are stable: CI jobs select by them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """The kinds that facts of one family become.

    Attributes:
        added, removed, changed: the kind when the fact stands in `after` only, in `before` only, in both.
        quiet: told, and no difference in meaning.
    """

    added: str
    removed: str
    changed: str
    quiet: bool = False


def _one(kind: str, *, quiet: bool = False) -> Family:
    return Family(kind, kind, kind, quiet)


FAMILIES: dict[str, Family] = {
    "name": _one("name"),
    "implementation": _one("implementation"),
    "code": _one("code-changed"),
    "function": _one("function", quiet=True),
    "module": Family("module-added", "module-removed", "code-changed"),
    "packages": _one("packages"),
    "image": _one("image"),
    "command": _one("command"),
    "environment": _one("environment"),
    "resource": _one("resource"),
    "input": Family("input-added", "input-removed", "input-type"),
    "optional": _one("input-optional"),
    "choices": _one("input-choices"),
    "default": _one("default"),
    "output": Family("output-added", "output-removed", "output-type"),
    "output-source": _one("output-source"),
    "constant": _one("constant"),
    "edge": Family("edge-added", "edge-removed", "edge-changed"),
    "condition": _one("condition"),
    "trigger": _one("trigger"),
    "loop": _one("loop"),
    "retry": _one("retry"),
    "cache": _one("cache"),
    "import": _one("import"),
    "option": _one("option"),
    "platform-setting": _one("platform-setting"),
    "runtime": _one("runtime", quiet=True),
    "description": _one("description", quiet=True),
    "display-name": _one("display-name", quiet=True),
}
"""Families of facts in the order in which their changes are listed."""

KINDS: dict[str, str] = {
    "task-added": "a task that was not there",
    "task-removed": "a task that is gone",
    "task-renamed": "a task with another name and everything else equal",
    "name": "the pipeline's name",
    "implementation": "what runs a task: a function, a container, an importer, tasks of its own",
    "code-changed": "the source of a function, or of a project module that travels with it",
    "code-layout": "comments or layout of that source only; quiet",
    "function": "the name of a function, with its code the same; quiet",
    "module-added": "a project module that now travels with a function",
    "module-removed": "a project module that no longer does",
    "packages": "what is installed when a function starts, and from where",
    "image": "the container's image",
    "command": "command or arguments of a container that is no Python function",
    "environment": "an environment variable",
    "resource": "cpu, memory or an accelerator",
    "input-added": "an input of the pipeline or of a task's component",
    "input-removed": "an input that is gone",
    "input-type": "the type of an input",
    "input-optional": "whether an input must be given",
    "input-choices": "the values that an input may have",
    "default": "the default of an input",
    "output-added": "an output of the pipeline or of a task's component",
    "output-removed": "an output that is gone",
    "output-type": "the type of an output",
    "output-source": "the task that makes an output",
    "constant": "a value that a task is given",
    "edge-added": "a value from elsewhere that a task is given, or a task that it waits for",
    "edge-removed": "such an edge that is gone",
    "edge-changed": "an input that is fed from elsewhere",
    "condition": "when a branch or task runs",
    "trigger": "whether a task runs after failures as well",
    "loop": "what a loop goes over, and how many iterations run at the same time",
    "retry": "how often and how soon a failed task is tried again",
    "cache": "whether earlier results are used, and under which key",
    "import": "what an importer registers",
    "option": "another setting of the pipeline or a task",
    "platform-setting": "a setting that one platform understands",
    "runtime": "the version of milonga or kfp that a compiled function carries; quiet",
    "description": "a text for people; quiet",
    "display-name": "the name that a page shows; quiet",
}
"""Every kind with its meaning."""
