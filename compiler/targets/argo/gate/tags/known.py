"""Variables that Argo itself gives, by where they may be asked for (docs/variables.md of Argo Workflows)."""

from __future__ import annotations

from typing import Final

WORKFLOW: Final = frozenset(
    (
        "name",
        "namespace",
        "mainEntrypoint",
        "serviceAccountName",
        "uid",
        "parameters",
        "annotations",
        "labels",
        "creationTimestamp",
        "priority",
        "duration",
        "scheduledTime",
        "status",
        "failures",
        "outputs",
        "template",
    )
)
"""What follows `workflow.`"""

NODE: Final = frozenset(
    ("id", "ip", "status", "exitCode", "startedAt", "finishedAt", "hostNodeName", "outputs", "name")
)
"""What follows `tasks.NAME.` or `steps.NAME.`"""

ROOTS: Final = frozenset(
    (
        "inputs",
        "outputs",
        "tasks",
        "steps",
        "workflow",
        "item",
        "pod",
        "node",
        "retries",
        "lastRetry",
        "cronworkflow",
        "status",
        "duration",
        "exitCode",
        "resourcesDuration",
        "request",
        "response",
        "payload",
        "metadata",
        "discriminator",
        "sprig",
        "data",
    )
)
"""First parts of the variables that exist somewhere."""

PLAIN_PREFIXES: Final = frozenset(("item", "steps", "inputs", "outputs", "pod", "workflow", "tasks"))
"""First parts, before a dot, that a controller refuses to leave unresolved in a plain tag."""
