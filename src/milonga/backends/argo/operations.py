"""What can be done with the runs of a namespace besides starting and stopping them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.descriptions import described, listed
from milonga.backends.argo.importing import imported
from milonga.backends.argo.logs.run_log import FollowedRun, read_logs
from milonga.backends.argo.outputs.downloads import downloaded
from milonga.backends.argo.outputs.found import outputs_of
from milonga.backends.argo.retrying.retried import retried
from milonga.backends.described_run import DescribedRun
from milonga.backends.log_line import LogLine
from milonga.backends.run_outputs import RunOutputs
from milonga.backends.run_summary import RunSummary
from milonga.compiler.graph import Graph
from milonga.engine.home import Home
from milonga.lineage.records import RunRecord


class ArgoOperations:
    """See `milonga.backends.operations` for the contract. Holds a connection and nothing else."""

    def __init__(self, connection: ArgoConnection) -> None:
        self._connection = connection

    def runs(self, *, pipeline: str = "", state: str = "", limit: int = 20) -> tuple[RunSummary, ...]:
        """Workflows of milonga's pipelines that are still there, the newest first."""
        return listed(self._connection, pipeline=pipeline, state=state, limit=limit)

    def described(self, run_id: str) -> DescribedRun:
        """A Workflow, its nodes as tasks, and what its pods say."""
        return described(self._connection, run_id)

    def logs(self, run_id: str, write: Callable[[LogLine], None], *, task: str = "", attempt: int = 0) -> int:
        """The logs of the pods that are still there."""
        return read_logs(self._connection, run_id, write, task=task, attempt=attempt)

    def follow(self, run_id: str, write: Callable[[LogLine], None], *, task: str = "") -> None:
        """The logs of the pods while they write."""
        FollowedRun(self._connection, run_id, write, task=task).until_ended()

    def following(self, run_id: str, write: Callable[[LogLine], None]) -> Callable[[], None]:
        """Follow the logs in the background; what comes back waits until everything is told."""
        return FollowedRun(self._connection, run_id, write).start()

    def outputs(self, run_id: str, *, task: str = "") -> RunOutputs:
        """What a run or a task has made, read from the bucket."""
        return outputs_of(self._connection, run_id, task=task)

    def download(self, outputs: RunOutputs, folder: Path) -> dict[str, tuple[Path, ...]]:
        """Unpack the content of artifacts into a folder."""
        return downloaded(self._connection, outputs, folder)

    def retry(self, run_id: str) -> tuple[str, ...]:
        """Let the controller go on with a failed Workflow."""
        return retried(self._connection, run_id)

    def import_run(self, run_id: str, home: Home, *, graph: Graph | None = None, content: bool = True) -> RunRecord:
        """Write an ended Workflow into the lineage store of this machine."""
        return imported(self._connection, run_id, home, graph=graph, content=content)
