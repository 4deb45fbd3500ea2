"""What the steps of a run have left in the bucket."""

from __future__ import annotations

import base64
import binascii
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.looks import layout_of
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.resources import CONFIG_MAPS
from milonga.backends.argo.storage.archives import damaged, unpacked
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.call_failed import CallFailed
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import RESULT, artifact_object, object_key, run_prefix

_CODE_FILE = "code.zip"


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

    def key(self, leaf: str, what: str, indices: Sequence[int]) -> str:
        """The key of an object of a step."""
        return f"{run_prefix(self._workflow.uid)}/{object_key(leaf, what, indices)}"

    def content_key(self, leaf: str, name: str, indices: Sequence[int]) -> str:
        """The key of the content of an output artifact."""
        found = self.layout.leaves[leaf].artifacts.get(name) if leaf in self.layout.leaves else None
        return self.key(leaf, artifact_object(found.slug if found is not None else name), indices)

    def record(self, leaf: str, indices: Sequence[int]) -> dict[str, Any] | None:
        """What a step has made: "parameters" and "artifacts" by name; None when it has not succeeded.

        Raises:
            CallFailed: E835, E836, the bucket cannot be read; E837, what is there is damaged.
        """
        key = self.key(leaf, RESULT, indices)
        if key not in self._records:
            self._records[key] = self._read(key, leaf)
        return self._records[key]

    def _read(self, key: str, leaf: str) -> dict[str, Any] | None:
        from milonga.engine.pod.results import read_record

        number = len(self._records)
        packed, folder = Path(self._folder.name) / f"{number}.tar", Path(self._folder.name) / str(number)
        if not self.bucket.fetch(key, packed):
            return None
        what = self.bucket.repository.uri(key)
        unpacked(packed, folder, what)
        packed.unlink()
        try:
            record = read_record(folder, self._recipe(leaf))
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise damaged(what, f"{type(error).__name__}: {error}") from None
        except MilongaError as error:
            if isinstance(error, CallFailed):
                raise
            raise damaged(what, f"{error.code}: {error.message} {error.got}".strip()) from None
        if record is not None and not _is_record(record):
            raise damaged(what, "its record has no parameters or artifacts")
        return record

    def _recipe(self, leaf: str) -> Any:
        if self._recipes is None:
            self._recipes = self._read_recipes()
        return self._recipes.recipe(leaf)

    def _read_recipes(self) -> Any:
        from milonga.engine.pod.recipe import Recipes

        name = self._workflow.code
        try:
            document = self._connection.read("GET", CONFIG_MAPS, name)
            file = Path(self._folder.name) / _CODE_FILE
            file.write_bytes(base64.b64decode(document["binaryData"][_CODE_FILE], validate=True))
            return Recipes(file)
        except (KeyError, binascii.Error, zipfile.BadZipFile) as error:
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
            hint="submit the pipeline again, which puts it there; the objects themselves are below "
            + run_prefix(self._workflow.uid),
        )


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("parameters"), dict)
        and isinstance(record.get("artifacts"), dict)
    )
