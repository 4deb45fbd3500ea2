"""What was run, from what, to what: runs, tasks, artifacts and the content cache, in one SQLite file."""

from milonga.lineage.records import ArtifactRecord, RunRecord, State, TaskRecord
from milonga.lineage.store import LineageStore

__all__ = ["ArtifactRecord", "LineageStore", "RunRecord", "State", "TaskRecord"]
