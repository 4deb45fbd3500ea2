"""Equal work is done once; any change that could matter is new work; stored content is not trusted blindly."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga import Dataset, component, pipeline

Author = Callable[..., Any]


STEP = """
    from milonga import component, pipeline

    FACTOR = {factor}

    def helper(value):
        return value * FACTOR {tail}

    @component{options}
    def step(value: int, extra: str = "{default}") -> int:
        # {comment}
        return helper(value)

    @pipeline(name="{name}")
    def p(value: int = 2) -> int:
        return step(value)
"""
SAME = {"factor": 2, "tail": "", "options": "", "default": "", "comment": "", "name": "first"}


def cached(play, target, **settings) -> bool:
    (task,) = [task for task in play(target, **settings).raise_for_state().tasks.values() if task.kind == "step"]
    return task.cached


def test_equal_work_is_done_once(play, author: Author) -> None:
    first = play(author(STEP.format(**SAME))).raise_for_state()
    again = play(author(STEP.format(**SAME))).raise_for_state()
    assert not first.tasks["step"].cached and again.tasks["step"].cached
    assert first.outputs == again.outputs == {"Output": 4} and again.run_id != first.run_id
    assert again.tasks["step"].key == first.tasks["step"].key


def test_a_pipeline_of_another_name_has_the_same_work(play, author: Author) -> None:
    cached(play, author(STEP.format(**SAME)))
    assert cached(play, author(STEP.format(**{**SAME, "name": "second"})))


@pytest.mark.parametrize(
    "change",
    [
        {"factor": 3},
        {"tail": "+ 0"},
        {"default": "x"},
        {"comment": "another"},
        {"options": "(environment={'A': '1'})"},
        {"options": "(packages=['pyyaml'])"},
    ],
    ids=["constant", "helper", "default", "code", "environment", "packages"],
)
def test_a_change_that_could_change_the_result_is_new_work(play, author: Author, change: dict[str, Any]) -> None:
    assert not cached(play, author(STEP.format(**SAME)))
    assert not cached(play, author(STEP.format(**{**SAME, **change})))
    assert cached(play, author(STEP.format(**SAME)))


@pytest.mark.parametrize("options", ["(retries=2)", "(timeout_s=60)", "(cpu='1')"])
def test_a_change_that_cannot_is_not(play, author: Author, options: str) -> None:
    assert not cached(play, author(STEP.format(**SAME)))
    assert cached(play, author(STEP.format(**{**SAME, "options": options})))


def test_other_values_are_new_work(play, author: Author) -> None:
    target = author(STEP.format(**SAME))
    assert [cached(play, target, arguments={"value": value}) for value in (1, 2, 1, 2)] == [False, False, True, True]


WITH_MODULE = """
    from milonga import component, pipeline

    @component
    def step(value: int) -> int:
        from cache_test_helpers import twice
        return twice(value)

    @pipeline
    def p(value: int = 2) -> int:
        return step(value)
"""


def test_a_change_in_an_imported_module_is_new_work(play, author: Author) -> None:
    first = "def twice(value):\n    return 2 * value\n"
    second = "def twice(value):\n    return value + value + 1\n"
    assert not cached(play, author(WITH_MODULE, cache_test_helpers=first))
    assert cached(play, author(WITH_MODULE, cache_test_helpers=first))
    target = author(WITH_MODULE, cache_test_helpers=second)
    result = play(target).raise_for_state()
    assert not result.tasks["step"].cached and result.outputs["Output"] == 5


@component
def measure(data: Dataset, ledger: str) -> int:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("measured\n")
    return sum(path.stat().st_size for path in data.path.rglob("*") if path.is_file()) if data.path.is_dir() else 1


@pipeline
def measured(data: Dataset, ledger: str) -> int:
    return measure(data, ledger)


def test_what_counts_is_the_content_of_an_artifact_not_its_place(play, tmp_path: Path, ledger: Path, lines_of) -> None:
    def size_of(folder: str) -> int:
        return (
            play(measured, {"data": str(tmp_path / folder), "ledger": str(ledger)}).raise_for_state().outputs["Output"]
        )

    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "data.txt").write_text("abc")
    assert size_of("one") == 3 and size_of("two") == 3 and len(lines_of()) == 1
    (tmp_path / "two" / "sub" / "data.txt").write_text("abd")
    assert size_of("two") == 3 and len(lines_of()) == 2
    (tmp_path / "two" / "sub" / "data.txt").rename(tmp_path / "two" / "sub" / "renamed.txt")
    assert size_of("two") == 3 and len(lines_of()) == 3
    (tmp_path / "two" / "sub" / "renamed.txt").chmod(0o755)
    assert size_of("two") == 3 and len(lines_of()) == 4


def test_metadata_is_part_of_an_artifact(play, tmp_path: Path, ledger: Path, lines_of) -> None:
    (tmp_path / "data").mkdir()
    for metadata in ({"a": 1}, {"a": 1}, {"a": 2}):
        data = Dataset.at(tmp_path / "data", metadata=metadata)
        play(measured, {"data": data, "ledger": str(ledger)}).raise_for_state()
    assert len(lines_of()) == 2


@component
def make(ledger: str, text: str) -> Dataset:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("made\n")
    made = Dataset.create()
    (made.path / "data.txt").write_text(text)
    return made


@component
def text_of(data: Dataset) -> str:
    return (data.path / "data.txt").read_text()


@pipeline
def made_and_read(ledger: str, text: str = "true") -> str:
    return text_of(make(ledger, text))


def test_caching_can_be_switched_off_for_a_run(play, ledger: Path, lines_of) -> None:
    for _ in range(2):
        play(made_and_read, {"ledger": str(ledger)}, cache=False).raise_for_state()
    assert len(lines_of()) == 2
    play(made_and_read, {"ledger": str(ledger)}).raise_for_state()
    assert len(lines_of()) == 2


@pipeline
def never_cached(ledger: str) -> str:
    return text_of(make.options(cache=False)(ledger, "true"))


def test_caching_can_be_switched_off_for_a_task(play, ledger: Path, lines_of) -> None:
    for _ in range(2):
        result = play(never_cached, {"ledger": str(ledger)}).raise_for_state()
    assert len(lines_of()) == 2 and result.tasks["text-of"].cached


@pipeline
def own_key(ledger: str, text: str) -> str:
    return text_of(make.options(cache_key="v1")(ledger, text))


def test_an_author_may_name_the_key(play, ledger: Path, lines_of) -> None:
    assert play(own_key, {"ledger": str(ledger), "text": "a"}).raise_for_state().outputs["Output"] == "a"
    assert play(own_key, {"ledger": str(ledger), "text": "b"}).raise_for_state().outputs["Output"] == "a"
    assert len(lines_of()) == 1


@component
def broken(ledger: str) -> int:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("tried\n")
    raise ValueError("no")


@pipeline
def fails(ledger: str) -> int:
    return broken(ledger)


def test_a_failure_is_never_remembered(play, ledger: Path, lines_of) -> None:
    for _ in range(2):
        assert play(fails, {"ledger": str(ledger)}).state == "FAILED"
    assert len(lines_of()) == 2


# Stored content --------------------------------------------------------------------------------------------------


def _stored_file(result) -> Path:
    return Path(result.tasks["make"].output_artifacts["Output"].uri) / "data.txt"


def _delete(file: Path) -> None:
    import shutil

    shutil.rmtree(file.parent)


def _empty(file: Path) -> None:
    file.unlink()


def _forge(file: Path) -> None:
    file.chmod(0o644)
    file.write_text("fake")


def _forge_quietly(file: Path) -> None:
    """Same size, same times: only the content tells."""
    times = file.stat()
    _forge(file)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _add(file: Path) -> None:
    (file.parent / "more.txt").write_text("more")


@pytest.mark.parametrize("spoil", [_delete, _empty, _forge, _forge_quietly, _add])
@pytest.mark.parametrize("mode", ["isolated", "in-process"])
def test_content_that_is_not_what_was_stored_is_never_used(play, ledger: Path, lines_of, spoil, mode: str) -> None:
    first = play(made_and_read, {"ledger": str(ledger)}, mode=mode).raise_for_state()
    spoil(_stored_file(first))
    again = play(made_and_read, {"ledger": str(ledger)}, mode=mode).raise_for_state()
    assert len(lines_of()) == 2 and not again.tasks["make"].cached
    assert again.outputs == {"Output": "true"} and _stored_file(again).read_text() == "true"
    third = play(made_and_read, {"ledger": str(ledger)}, mode=mode).raise_for_state()
    assert third.tasks["make"].cached and third.outputs == {"Output": "true"}


@component
def make_empty_file(ledger: str) -> Dataset:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("made\n")
    made = Dataset.create_file()
    made.write_text("")
    return made


@component
def is_file(data: Dataset) -> bool:
    return data.path.is_file()


@pipeline
def empty_file(ledger: str) -> bool:
    return is_file.options(cache=False)(make_empty_file(ledger))


def test_an_empty_file_is_content_too(play, ledger: Path, lines_of) -> None:
    first = play(empty_file, {"ledger": str(ledger)}).raise_for_state()
    Path(first.tasks["make-empty-file"].output_artifacts["Output"].uri).unlink()
    assert play(empty_file, {"ledger": str(ledger)}).raise_for_state().outputs == {"Output": True}
    assert len(lines_of()) == 2


def test_a_task_cannot_change_what_others_share(play, ledger: Path) -> None:
    stored = _stored_file(play(made_and_read, {"ledger": str(ledger)}).raise_for_state())
    assert stored.stat().st_mode & 0o222 == 0


# Several engines -------------------------------------------------------------------------------------------------

RACE = """
    import sys
    from pathlib import Path
    import milonga as ml
    from milonga import Dataset, component, pipeline
    from milonga.engine.progress import Silent

    @component
    def make(index: int) -> Dataset:
        made = Dataset.create()
        for part in range(5):
            (made.path / f"{part}.txt").write_text(f"{index % 4} {part}\\n" * 100)
        return made

    @component
    def check(data: Dataset, index: int) -> int:
        texts = [(data.path / f"{part}.txt").read_text() for part in range(5)]
        assert texts == [f"{index % 4} {part}\\n" * 100 for part in range(5)]
        return index

    @pipeline
    def race() -> list[int]:
        with ml.ParallelFor(list(range(12))) as index:
            seen = check.options(cache=False)(make(index), index)
        return ml.Collected(seen)

    if __name__ == "__main__":
        for _ in range(2):
            result = ml.run(race, home=sys.argv[1], jobs=3, progress=Silent()).raise_for_state()
            assert result.outputs["Output"] == list(range(12))
"""


@pytest.mark.slow
def test_engines_share_one_new_store(tmp_path: Path, home: Path) -> None:
    """Four processes begin at the same moment on a store that does not exist, and make the same content."""
    script = tmp_path / "race.py"
    script.write_text(textwrap.dedent(RACE))
    engines = [
        subprocess.Popen([sys.executable, str(script), str(home)], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    ends = [(engine.communicate(timeout=120)[1], engine.returncode) for engine in engines]
    assert [code for _, code in ends] == [0] * 4, "\n".join(text for text, _ in ends)
    from milonga.lineage import LineageStore

    store = LineageStore(home / "lineage.sqlite")
    assert [run.state for run in store.runs()] == ["SUCCEEDED"] * 8
    store.close()
    assert not list((home / "store").rglob(".*"))
    assert len(list((home / "store").glob("*/*/*"))) == 4


@component
def see_store(home: str) -> str:
    """Another writer while this task runs."""
    import sqlite3

    connection = sqlite3.connect(Path(home) / "lineage.sqlite", timeout=1, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    connection.close()
    return "free"


@pipeline
def sees_store(home: str) -> str:
    return see_store(home)


def test_the_store_is_free_while_a_task_runs(play_both, home: Path) -> None:
    """A debugger may hold a task for an hour; nobody else must wait for it."""
    assert play_both(sees_store, {"home": str(home)}).raise_for_state().outputs["Output"] == "free"


def test_results_are_shared_between_pipelines(play, ledger: Path, lines_of) -> None:
    play(made_and_read, {"ledger": str(ledger)}).raise_for_state()
    play(made_only, {"ledger": str(ledger)}).raise_for_state()
    assert len(lines_of()) == 1


@pipeline
def made_only(ledger: str) -> ml.Dataset:
    return make(ledger, "true")
