"""Files whose names are no UTF-8 are files."""

from __future__ import annotations

import os
from pathlib import Path

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.engine.progress import Silent
from milonga.lineage import ArtifactRecord, LineageStore
from milonga.lineage.named_artifacts import artifact_named


@component
def weigh(data: Dataset) -> int:
    return data.path.stat().st_size


@pipeline
def p(data: Dataset) -> int:
    return weigh(data)


def test_an_input_may_have_a_name_that_is_no_utf8(home: Path, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv")
    Path(path).write_text("12345")
    ends = [ml.run(p, {"data": path}, home=home, jobs=1, progress=Silent()).raise_for_state() for _ in range(2)]
    assert [ended.outputs for ended in ends] == [{"Output": 5}] * 2
    assert [ended.tasks["weigh"].cached for ended in ends] == [False, True]
    store = LineageStore(home / "lineage.sqlite")
    task = store.task(ends[0].run_id, "weigh")
    assert task is not None
    record = task.input_artifacts["data"]
    assert isinstance(record, ArtifactRecord) and record.uri == path
    (start,) = artifact_named(store, record.digest)
    assert start.record == record
    store.close()
