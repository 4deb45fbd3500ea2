"""What the steps of a run have left in the bucket."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.layout.layout import code_of, indices_of
from milonga.backends.argo.layout.leaf import Leaf
from milonga.backends.argo.looks import layout_of
from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.resources import CONFIG_MAPS
from milonga.backends.argo.run_tasks import tasks_of
from milonga.backends.argo.storage.archives import damaged, unpacked
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.call_failed import CallFailed
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import DONE_FILE, RECORD_FILE, RESULT, artifact_object, object_key, run_prefix


class StoredResults:
    """Reads the results of one run, each once. A context manager; used by one thread.

    Args:
        connection: the namespace.
        workflow: the run.
    """

    def __init__(self, connection: ArgoConnection, workflow: Workflow) -> None:
        self._connection = connection
        self._workflow = workflow
        self.layout = layout_of(connection, workflow)
        self._folder = tempfile.TemporaryDirectory(prefix="milonga-results-")
        self._bucket: Bucket | None = None
        self._recipes: Any = None
        self._records: dict[str, dict[str, Any] | None] = {}
        self._objects: dict[tuple[str, tuple[int, ...]], dict[str, str]] | None = None

    def __enter__(self) -> StoredResults:
        return self

    def __exit__(self, *failure: object) -> None:
        self._folder.cleanup()

    @property
    def bucket(self) -> Bucket:
        """The bucket of the run.

        Raises:
            CallFailed: E800-E808; E835, it cannot be opened.
        """
        if self._bucket is None:
            self._bucket = Bucket(repository_of(self._connection, self._workflow), self._connection.patience)
        return self._bucket

    def tasks(self) -> tuple[TaskNode, ...]:
        """The tasks of the run, by path."""
        return tasks_of(self._connection, self._workflow, self.layout)

    def key(self, leaf: str, what: str, indices: Sequence[int]) -> str:
        """The key of an object of a step, as the controller has recorded it; "" for a step that has not succeeded."""
        return self._made().get((leaf, tuple(indices)), {}).get(what, "")

    def content_key(self, leaf: str, name: str, indices: Sequence[int]) -> str:
        """The key of the content of an output artifact."""
        found = self.layout.leaves[leaf].artifacts.get(name) if leaf in self.layout.leaves else None
        return self.key(leaf, artifact_object(found.slug if found is not None else name), indices)

    def _made(self) -> dict[tuple[str, tuple[int, ...]], dict[str, str]]:
        """Keys by name of the object, for each iteration of each step that has succeeded."""
        if self._objects is None:
            self._objects = {}
            for task in self.tasks():
                leaf = self.layout.leaf_at(task.path) if task.kind == "step" and task.state == "SUCCEEDED" else None
                if leaf is not None:
                    node = task.attempts[-1] if task.attempts else task.node
                    indices = indices_of(task.path)
                    keys = _keys_of(node) if not task.holder else self._packed(leaf, indices)
                    self._objects[leaf.slug, indices] = keys
        return self._objects

    def _packed(self, leaf: Leaf, indices: Sequence[int]) -> dict[str, str]:
        """Keys of what a pod with several tasks has packed, of which the controller knows nothing."""
        names = [RESULT, *(artifact_object(found.slug) for found in leaf.artifacts.values())]
        start = run_prefix(self._workflow.uid)
        return {name: f"{start}/{object_key(leaf.slug, name, indices)}" for name in names}

    def record(self, leaf: str, indices: Sequence[int]) -> dict[str, Any] | None:
        """What a step has made: "parameters" and "artifacts" by name; None when it has not succeeded.

        Raises:
            CallFailed: E835, E836, the bucket cannot be read; E837, what is there is damaged.
        """
        found = self.layout.leaves.get(leaf)
        if found is not None and found.known is not None:
            return dict(found.known)
        key = self.key(leaf, RESULT, indices)
        if not key:
            return None
        if key not in self._records:
            self._records[key] = self._read(key, leaf)
        return self._records[key]

    def _read(self, key: str, leaf: str) -> dict[str, Any] | None:
        number = len(self._records)
        packed, folder = Path(self._folder.name) / f"{number}.tar", Path(self._folder.name) / str(number)
        if not self.bucket.fetch(key, packed):
            return None
        what = self.bucket.repository.uri(key)
        unpacked(packed, folder, what)
        packed.unlink()
        try:
            record = self._record_in(folder, leaf)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise damaged(what, f"{type(error).__name__}: {error}") from None
        except MilongaError as error:
            if isinstance(error, CallFailed):
                raise
            raise damaged(what, f"{error.code}: {error.message} {error.got}".strip()) from None
        if record is not None and not _is_record(record):
            raise damaged(what, "its record has no parameters or artifacts")
        return record

    def _record_in(self, folder: Path, leaf: str) -> dict[str, Any] | None:
        if (folder / RECORD_FILE).is_file():
            found: dict[str, Any] = json.loads((folder / RECORD_FILE).read_bytes())
            return found
        if not (folder / DONE_FILE).is_file():
            return None
        from milonga.engine.pod.results import read_record  # what a container leaves is read by what it declares

        return read_record(folder, self._recipe(leaf))

    def _recipe(self, leaf: str) -> Any:
        if self._recipes is None:
            self._recipes = self._read_recipes()
        return self._recipes.recipe(leaf)

    def _read_recipes(self) -> Any:
        from milonga.engine.pod.recipe import Recipes

        name = self._workflow.code
        try:
            document = self._connection.read("GET", CONFIG_MAPS, name)
            return Recipes(code_of(document))
        except (KeyError, ValueError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
        except CallFailed as failure:
            if failure.status != 404:
                raise
            reason = "it was deleted"
        raise CallFailed(
            "E833",
            f"what run '{self._workflow.name}' has made cannot be read without its pipeline",
            outcome="refused",
            is_passing=False,
            where=f"ConfigMap {name or '(none is named)'}",
            got=reason,
            hint="submit the pipeline again, which puts it there",
        )


def _keys_of(node: Node) -> dict[str, str]:
    """Keys of what a pod has put into the bucket, of whatever kind that is."""
    found: dict[str, str] = {}
    for artifact in (node.document.get("outputs") or {}).get("artifacts") or []:
        places = (artifact.get(kind) for kind in ("s3", "gcs"))
        found[str(artifact.get("name"))] = next((str(place.get("key") or "") for place in places if place), "")
    return found


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("parameters"), dict)
        and isinstance(record.get("artifacts"), dict)
    )
