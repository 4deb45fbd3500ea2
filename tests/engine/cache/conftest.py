"""A state folder that is filled by hand: runs, tasks, entries of the cache and the content that they name."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from milonga.engine.cache.eviction import Evicted, Eviction
from milonga.engine.cache.limits import Limits
from milonga.engine.cache.store_lock import StoreLock
from milonga.engine.content import ContentStore
from milonga.engine.home import Home
from milonga.lineage import ArtifactRecord, LineageStore, RunRecord, TaskRecord
from milonga.lineage.records import CacheEntry, State


@dataclass(slots=True)
class StateFolder:
    """A state folder and an open store in it."""

    home: Home
    store: LineageStore

    def artifact(self, text: str) -> ArtifactRecord:
        """An artifact whose content is `text`, in the content store."""
        path = self.home.root / "made" / hashlib.sha256(text.encode()).hexdigest()
        path.mkdir(parents=True, exist_ok=True)
        (path / "data.txt").write_text(text)
        place, content = ContentStore(self.home.content).take(path, "data")
        return ArtifactRecord("data", "system.Dataset", str(place), content.digest, content.size_bytes)

    def entry(self, text: str, used_at: float, *, key: str = "", run_id: str = "r0") -> ArtifactRecord:
        """An entry of the cache that was last used at that moment, made by a task of `run_id`."""
        made, key = self.artifact(text), key or f"key of {text}"
        task = TaskRecord(run_id, f"make-{text[:8]}", "SUCCEEDED", component="c", output_artifacts={"data": made})
        self.store.put_task(task)
        found = CacheEntry(key, run_id, task.path, {}, {"data": made}, used_at, used_at)
        self.store.cache.put(found, [made])
        self.store.commit()
        return made

    def run(
        self, run_id: str, state: State = "SUCCEEDED", *, output: ArtifactRecord | None = None, pipeline: str = "p"
    ) -> RunRecord:
        """A run, recorded now."""
        outputs = {"Output": output} if output is not None else {}
        record = RunRecord(run_id, pipeline, "d", state, len(self.store.runs(limit=-1)), output_artifacts=outputs)
        self.store.put_run(record)
        self.store.commit()
        self.home.run(run_id).mkdir(parents=True, exist_ok=True)
        return record

    def evict(self, limits: Limits, *, thorough: bool = True) -> Evicted:
        lock = StoreLock(self.home)
        try:
            return Eviction(self.store, self.home, lock).carry_out(limits, thorough=thorough, patience_s=5)
        finally:
            lock.close()

    def has(self, artifact: ArtifactRecord) -> bool:
        """Whether the content is on the disk, whole."""
        path = Path(artifact.uri)
        return path.is_dir() and (path / "data.txt").is_file()

    def keys(self) -> set[str]:
        return {key.removeprefix("key of ") for key in self.store.cache.all_keys()}

    def on_disk(self) -> list[Path]:
        return sorted(self.home.content.rglob("data.txt"))


@pytest.fixture
def folder(home: Path) -> Iterator[StateFolder]:
    place = Home(home)
    store = LineageStore(place.database)
    yield StateFolder(place, store)
    store.close()


@pytest.fixture
def author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Write a pipeline file (again) and load it as a fresh module; the pipeline in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    counter = iter(range(1000))

    def load(text: str, name: str = "p", **modules: str) -> Any:
        import linecache

        linecache.clearcache()
        importlib.invalidate_caches()
        for module, content in modules.items():
            (folder / f"{module}.py").write_text(textwrap.dedent(content))
            sys.modules.pop(module, None)
        path = folder / f"flow_{next(counter)}.py"
        path.write_text(textwrap.dedent(text))
        specification = importlib.util.spec_from_file_location(path.stem, path)
        assert specification is not None and specification.loader is not None
        loaded = importlib.util.module_from_spec(specification)
        sys.modules[path.stem] = loaded
        specification.loader.exec_module(loaded)
        return getattr(loaded, name)

    return load
