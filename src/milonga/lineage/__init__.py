"""What was run, from what, to what: runs, tasks, artifacts and the content cache, in one SQLite file."""

from milonga.lineage.records import ArtifactRecord, AttemptRecord, RunRecord, State, TaskRecord
from milonga.lineage.store import LineageStore

__all__ = ["ArtifactRecord", "AttemptRecord", "LineageStore", "RunRecord", "State", "TaskRecord"]
