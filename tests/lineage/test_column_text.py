"""Names that are no UTF-8 go into the lineage store and come back, under whatever they are looked for."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from milonga.lineage import ArtifactRecord, LineageStore, RunRecord, TaskRecord
from milonga.lineage.ancestry import ancestry
from milonga.lineage.column_text import from_column, to_column
from milonga.lineage.named_artifacts import artifact_named

ODD = st.text(st.one_of(st.sampled_from("\\ud8c9005ef\udce9"), st.characters(exclude_categories=())), max_size=12)
LATIN = "caf\udce9"


@given(ODD)
def test_every_text_comes_back_and_can_be_written(text: str) -> None:
    written = to_column(text)
    assert written.encode().decode() == written and from_column(written) == text


@given(ODD, ODD)
def test_two_texts_stay_two(one: str, other: str) -> None:
    assert (to_column(one) == to_column(other)) == (one == other)


def test_what_has_nothing_odd_stands_there_as_it_is() -> None:
    for text in ("/data/café.csv", "gs://bucket/a b", "C:\\users\\one", "\N{SNOWMAN}"):
        assert to_column(text) == text


def test_artifacts_with_such_names_are_kept_and_found_again(tmp_path: Path) -> None:
    store = LineageStore(tmp_path / "lineage.sqlite")
    uri = f"file:///data/{LATIN}.csv"
    record = ArtifactRecord(LATIN, "system.Dataset", uri, "ab" * 32)
    store.put_run(RunRecord("r", "p", "d", "SUCCEEDED", 1.0))
    store.put_task(TaskRecord("r", "make", "SUCCEEDED", output_artifacts={LATIN: record}))
    store.put_task(TaskRecord("r", "use", "SUCCEEDED", input_artifacts={LATIN: record}))
    store.commit()
    assert store.producers_of(record.digest) == [("r", "make", LATIN)]
    (start,) = artifact_named(store, uri)
    assert start.record == record and start.output == LATIN
    found = ancestry(store, [start], lambda run_id: None, "down")
    assert {edge.name for edge in found.edges} == {LATIN} and set(found.tasks) == {"r/use"}
    assert set(ancestry(store, artifact_named(store, "abab"), lambda run_id: None).tasks) == {"r/make"}
    store.close()


def test_stamps_of_such_places_are_kept(tmp_path: Path) -> None:
    store = LineageStore(tmp_path / "lineage.sqlite")
    store.cache.put_stamps([(f"/data/{LATIN}", "d", "s"), ("/data/caf\\udce9", "other", "t")])
    assert store.cache.stamp(f"/data/{LATIN}") == ("d", "s")
    assert store.cache.stamp("/data/caf\\udce9") == ("other", "t")
    store.close()
