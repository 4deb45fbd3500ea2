"""Labels and annotations of what belongs to a pipeline on a cluster."""

from __future__ import annotations

MANAGED_BY = "app.kubernetes.io/managed-by"
PIPELINE = "milonga.dev/pipeline"
GRAPH = "milonga.dev/graph"
CODE = "milonga.dev/code"
RUN_NAME = "milonga.dev/run-name"
TITLE = "workflows.argoproj.io/title"
"""What Argo's own pages show in the place of a Workflow's name."""

OURS = f"{MANAGED_BY}=milonga"
"""The selector of everything that milonga has made."""

WORKFLOW = "workflows.argoproj.io/workflow"
COMPLETED = "workflows.argoproj.io/completed"
PHASE = "workflows.argoproj.io/phase"
CRON = "workflows.argoproj.io/cron-workflow"
NODE_ID = "workflows.argoproj.io/node-id"
