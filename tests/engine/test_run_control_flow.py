"""Conditions, loops, OneOf, nesting, exit handlers and what a failure means for others, in both modes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga import Artifact, Dataset, Model, component, pipeline
from milonga.engine.result import RunResult

Play = Callable[..., RunResult]


@pytest.fixture(params=[pytest.param("isolated", marks=pytest.mark.slow), "in-process"])
def play_both(request: pytest.FixtureRequest, play: Play) -> Play:
    """As elsewhere, but with a process for each attempt only when there is time: what runs when is the same in both."""

    def run(pipeline: Any, arguments: dict[str, Any] | None = None, **settings: Any) -> RunResult:
        return play(pipeline, arguments, **{"mode": request.param, **settings})

    return run


def states(result) -> dict[str, str]:
    return {path: task.state for path, task in result.tasks.items()}


@component
def say(text: str) -> str:
    return text


@component
def number(value: int) -> int:
    return value


@component
def fail(message: str = "on purpose") -> str:
    raise RuntimeError(message)


@component
def write(text: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text(text)
    made.metadata["length"] = len(text)
    return made


@component
def read(data: Dataset) -> str:
    return f"{data.read_text()}:{data.metadata['length']}"


@component
def read_all(items: list[Dataset]) -> list[str]:
    return [item.read_text() for item in items]


@component
def total(items: list[int]) -> int:
    assert all(type(item) is int for item in items)
    return sum(items)


# Conditions ------------------------------------------------------------------------------------------------------


@pipeline
def branches(value: int) -> str:
    made = number(value)
    with ml.If(made > 10):
        high = say("high")
    with ml.Elif((made > 5) & ~(made == 7)):
        middle = say("middle")
    with ml.Else():
        low = say("low")
    return ml.OneOf(high, middle, low)


@pytest.mark.parametrize(("value", "expected"), [(11, "high"), (6, "middle"), (7, "low"), (-3, "low")])
def test_exactly_one_branch_runs(play_both, value: int, expected: str) -> None:
    result = play_both(branches, {"value": value}).raise_for_state()
    assert result.outputs == {"Output": expected}
    ran = [task for path, task in result.tasks.items() if task.kind == "step" and task.state == "SUCCEEDED"]
    assert len(ran) == 2 and sum(state == "SKIPPED" for state in states(result).values()) == 2


@pipeline
def is_secret(text: str) -> str:
    given = say(text)
    with ml.If(given == "secret"):
        yes = say("open")
    with ml.Else():
        no = say("shut")
    return ml.OneOf(yes, no)


@pipeline
def is_hostile(text: str) -> str:
    given = say(text)
    with ml.If(given == "it's \"' or True or '\" {{$}} \n ñ\\"):
        yes = say("open")
    with ml.Else():
        no = say("shut")
    return ml.OneOf(yes, no)


@pytest.mark.parametrize(
    "text",
    [
        "' or True or '",
        '" || true || "',
        "secret ",
        "{{$.inputs.parameters['text']}}",
        "",
        "\ud800",
        "secret\n",
        "it's",
    ],
)
def test_no_text_opens_a_branch_but_the_right_one(play, text: str) -> None:
    assert play(is_secret, {"text": text}, mode="in-process").raise_for_state().outputs["Output"] == "shut"


def test_the_right_text_does(play) -> None:
    assert play(is_secret, {"text": "secret"}, mode="in-process").raise_for_state().outputs["Output"] == "open"
    hostile = "it's \"' or True or '\" {{$}} \n ñ\\"
    assert play(is_hostile, {"text": hostile}, mode="in-process").raise_for_state().outputs["Output"] == "open"
    assert play(is_hostile, {"text": "it's"}, mode="in-process").raise_for_state().outputs["Output"] == "shut"


@pipeline
def skip_chain(value: int) -> None:
    with ml.If(number(value) == 1):
        first = say("a")
        second = say(first)
        with ml.If(second == "a"):
            say("b")


def test_what_hangs_on_a_skipped_branch_is_skipped(play_both) -> None:
    result = play_both(skip_chain, {"value": 2}).raise_for_state()
    assert [path for path, state in states(result).items() if state == "SUCCEEDED"] == ["number"]


# Loops -----------------------------------------------------------------------------------------------------------


@pipeline
def static_loop() -> int:
    with ml.ParallelFor([1, 2, 3]) as item:
        made = number(item)
    return total(ml.Collected(made))


@component
def count_to(count: int) -> list[int]:
    return list(range(count))


@pipeline
def dynamic_loop(count: int) -> int:
    with ml.ParallelFor(count_to(count)) as item:
        made = number(item)
    return total(ml.Collected(made))


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 0), (5, 10)])
def test_loops_over_what_a_task_made(play_both, count: int, expected: int) -> None:
    result = play_both(dynamic_loop, {"count": count}).raise_for_state()
    assert result.outputs["Output"] == expected
    loop = next(task for path, task in result.tasks.items() if path.startswith("for-loop") and "[" not in path)
    assert loop.iterations == count


def test_a_loop_over_constants_collects_in_order(play_both) -> None:
    result = play_both(static_loop).raise_for_state()
    assert result.outputs["Output"] == 6
    assert result.tasks["total"].inputs == {"items": [1, 2, 3]}


@component
def pair(left: int, right: int) -> str:
    return f"{left}-{right}"


@component
def flatten(rows: list) -> str:
    return " ".join("".join(f"[{cell}]" for cell in row) for row in rows)


@pipeline
def nested_loops(rows: list[int]) -> str:
    with ml.ParallelFor(rows) as left:
        with ml.ParallelFor([1, 2]) as right:
            cell = pair(left, right)
    return flatten(ml.Collected(cell))


def test_loops_nest_and_collect_lists_of_lists(play_both) -> None:
    assert play_both(nested_loops, {"rows": [7, 8]}).raise_for_state().outputs["Output"] == "[7-1][7-2] [8-1][8-2]"
    assert play_both(nested_loops, {"rows": []}).raise_for_state().outputs["Output"] == ""


@pipeline
def loop_over_fields() -> list[str]:
    with ml.ParallelFor([{"left": 1, "right": 2}, {"left": 3, "right": 4}]) as item:
        made = pair(item["left"], item["right"])
    return ml.Collected(made)


def test_a_loop_over_dicts_hands_out_their_fields(play_both) -> None:
    assert play_both(loop_over_fields).raise_for_state().outputs["Output"] == ["1-2", "3-4"]


@pipeline
def loop_over_artifacts(texts: list[str]) -> list[str]:
    with ml.ParallelFor(texts) as text:
        made = write(text)
    with ml.ParallelFor(ml.Collected(made)) as data:
        seen = read(data)
    return ml.Collected(seen)


@pipeline
def collect_artifacts(texts: list[str]) -> list[str]:
    with ml.ParallelFor(texts) as text:
        made = write(text)
    return read_all(ml.Collected(made))


@pytest.mark.parametrize("texts", [["a", "bb"], ["same", "same"], []], ids=["two", "equal", "none"])
def test_artifacts_are_collected_and_looped_over(play_both, texts: list[str]) -> None:
    expected = [f"{text}:{len(text)}" for text in texts]
    assert play_both(loop_over_artifacts, {"texts": texts}).raise_for_state().outputs["Output"] == expected
    assert play_both(collect_artifacts, {"texts": texts}).raise_for_state().outputs["Output"] == texts


@component
def is_even(value: int) -> bool:
    return value % 2 == 0


@pipeline
def collect_with_skips(count: int) -> int:
    with ml.ParallelFor(count_to(count)) as item:
        with ml.If(is_even(item)):
            made = number(item)
    return total(ml.Collected(made))


def test_iterations_whose_branch_did_not_run_are_left_out(play_both) -> None:
    result = play_both(collect_with_skips, {"count": 5}).raise_for_state()
    assert result.outputs["Output"] == 6 and result.tasks["total"].inputs == {"items": [0, 2, 4]}
    assert play_both(collect_with_skips, {"count": 0}).raise_for_state().outputs["Output"] == 0


@component
def wait_for_others(folder: str, index: int, expected: int) -> int:
    """Succeeds only when `expected` calls are inside at the same time."""
    import time

    (Path(folder) / str(index)).touch()
    deadline = time.monotonic() + 20
    while len(list(Path(folder).iterdir())) < expected:
        if time.monotonic() > deadline:
            raise TimeoutError("the others never came")
        time.sleep(0.01)
    return index


@pipeline
def meeting(folder: str, count: int) -> None:
    with ml.ParallelFor(count_to(count)) as item:
        wait_for_others(folder, item, count)


def test_iterations_run_at_the_same_time(play, tmp_path: Path) -> None:
    place = tmp_path / "meeting"
    place.mkdir()
    play(meeting, {"folder": str(place), "count": 3}, jobs=3).raise_for_state()


@component
def how_many_inside(folder: str) -> int:
    import os
    import time

    own = Path(folder) / str(os.getpid())
    own.touch()
    time.sleep(0.05)
    seen = len(list(Path(folder).iterdir()))
    own.unlink()
    return seen


@component
def largest(items: list[int]) -> int:
    return max(items)


@pipeline
def limited(folder: str) -> int:
    with ml.ParallelFor([1, 2, 3, 4, 5, 6], parallelism=2):
        seen = how_many_inside(folder)
    return largest(ml.Collected(seen))


def test_a_loop_keeps_its_limit(play, tmp_path: Path) -> None:
    place = tmp_path / "inside"
    place.mkdir()
    assert play(limited, {"folder": str(place)}, jobs=6).raise_for_state().outputs["Output"] <= 2


@pipeline
def loop_with_one_failure() -> None:
    with ml.ParallelFor([1, 0, 2]) as item:
        reciprocal(item)


@component
def reciprocal(value: int) -> float:
    return 1 / value


def test_a_failed_iteration_names_itself_and_the_others_run(play_both) -> None:
    result = play_both(loop_with_one_failure)
    assert result.state == "FAILED"
    steps = {path: task.state for path, task in result.tasks.items() if task.kind == "step"}
    assert sorted(steps.values()) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert "ZeroDivisionError" in result.run.error["message"] and "[1]" in result.run.error["task"]


# OneOf, nesting, optional inputs, importers ----------------------------------------------------------------------


@pipeline
def one_artifact(first: bool) -> str:
    with ml.If(first == True):  # noqa: E712
        left = write("left")
    with ml.Else():
        right = write("right!")
    return read(ml.OneOf(left, right))


def test_one_of_two_artifacts(play_both) -> None:
    assert play_both(one_artifact, {"first": True}).raise_for_state().outputs["Output"] == "left:4"
    assert play_both(one_artifact, {"first": False}).raise_for_state().outputs["Output"] == "right!:6"


@pipeline
def returns_one_artifact(first: bool) -> Dataset:
    with ml.If(first == True):  # noqa: E712
        left = write("left")
    with ml.Else():
        right = write("right!")
    return ml.OneOf(left, right)


def test_a_pipeline_returns_one_of_two_artifacts(play_both) -> None:
    record = play_both(returns_one_artifact, {"first": False}).raise_for_state().outputs["Output"]
    assert Path(record.uri).read_text() == "right!" and record.metadata == {"length": 6}


@component
def show(value: int | None = None, data: Dataset | None = None) -> str:
    return f"{value} {data.read_text() if data else None}"


@pipeline
def inner(data: Dataset, value: int | None = None) -> str:
    return show(value, data)


@pipeline
def outer(text: str, value: int | None = None) -> str:
    return inner(write(text), value)


def test_pipelines_nest_and_optional_inputs_may_be_absent(play_both) -> None:
    result = play_both(outer, {"text": "x"}).raise_for_state()
    assert result.outputs["Output"] == "None x"
    assert result.tasks["inner/show"].state == "SUCCEEDED" and result.tasks["inner"].kind == "group"
    assert play_both(outer, {"text": "x", "value": 0}).raise_for_state().outputs["Output"] == "0 x"


@pipeline
def optional_artifact(value: int) -> str:
    return show(value)


def test_an_optional_artifact_may_be_absent(play_both) -> None:
    assert play_both(optional_artifact, {"value": 1}).raise_for_state().outputs["Output"] == "1 None"


@pipeline
def imported(place: str) -> str:
    return read(ml.importer(place, Dataset, metadata={"length": 3}))


@component
def uri_of(model: Model) -> str:
    return f"{model.uri} {model.metadata['by']}"


@pipeline
def imported_remote() -> str:
    return uri_of(ml.importer("s3://bucket/model", Model, metadata={"by": "me"}))


def test_an_importer_brings_in_what_exists(play_both, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("abc")
    assert play_both(imported, {"place": str(tmp_path / "data.txt")}).raise_for_state().outputs["Output"] == "abc:3"
    assert play_both(imported_remote).raise_for_state().outputs["Output"] == "s3://bucket/model me"


# Failures and exit handlers --------------------------------------------------------------------------------------


@pipeline
def one_fails() -> str:
    broken = fail()
    after = say(broken)
    say(after)
    return say("independent")


def test_what_depends_on_a_failure_is_not_run_and_the_rest_is(play_both) -> None:
    result = play_both(one_fails)
    assert result.state == "FAILED"
    assert states(result) == {"fail": "FAILED", "say": "NOT_RUN", "say-2": "NOT_RUN", "say-3": "SUCCEEDED"}
    assert result.run.error["task"] == "fail" and "on purpose" in result.run.error["message"]
    with pytest.raises(ml.MilongaError, match="on purpose"):
        result.raise_for_state()


@pipeline
def fail_then_others() -> None:
    fail()
    for index in range(6):
        say(f"{index}")


def test_fail_fast_starts_nothing_more(play) -> None:
    result = play(fail_then_others, jobs=1, fail_fast=True)
    assert states(result)["fail"] == "FAILED"
    assert [state for path, state in states(result).items() if path != "fail"].count("NOT_RUN") >= 5
    slow = play(fail_then_others, jobs=1, cache=False)
    assert list(states(slow).values()).count("SUCCEEDED") == 6


@pipeline
def loop_then_failure() -> None:
    fail()
    with ml.ParallelFor([1, 2, 3, 4, 5, 6], parallelism=1) as item:
        number(item)


def test_fail_fast_ends_a_loop_as_well(play) -> None:
    result = play(loop_then_failure, jobs=1, fail_fast=True)
    assert result.state == "FAILED"
    assert all(task.state in ("FAILED", "NOT_RUN", "SUCCEEDED") for task in result.tasks.values())
    assert not any(task.state in ("PENDING", "RUNNING") for task in result.tasks.values())


@component
def report(ledger: str, status: ml.TaskFinalStatus, note: str = "") -> str:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write(f"{status.state} {status.pipeline_task_name} {status.error_message or ''} {note}".strip() + "\n")
    return status.state


@pipeline
def guarded(ledger: str, break_it: bool) -> None:
    with ml.ExitHandler(report, ledger, note="bye"):
        with ml.If(break_it == True):  # noqa: E712
            fail("the body broke")
        say("body")


@pytest.mark.parametrize("break_it", [False, True])
def test_an_exit_handler_runs_however_the_body_ends(play_both, ledger: Path, lines_of, break_it: bool) -> None:
    result = play_both(guarded, {"ledger": str(ledger), "break_it": break_it})
    assert result.state == ("FAILED" if break_it else "SUCCEEDED")
    (line,) = lines_of()
    assert line.startswith("FAILED exit-handler" if break_it else "SUCCEEDED exit-handler") and line.endswith("bye")
    assert ("the body broke" in line) == break_it


@pipeline
def farewell(ledger: str) -> None:
    note_down.options(cache=False)(ledger, say("good"))
    with ml.ParallelFor(["bye", "bye"], parallelism=1) as word:
        note_down.options(cache=False)(ledger, word)


@component
def note_down(ledger: str, word: str) -> None:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write(word + "\n")


@pipeline
def guarded_by_a_pipeline(ledger: str) -> None:
    with ml.ExitHandler(farewell, ledger):
        fail("the body broke")


@pytest.mark.parametrize("fail_fast", [False, True])
def test_a_whole_pipeline_may_be_the_exit_task(play, ledger: Path, lines_of, fail_fast: bool) -> None:
    result = play(guarded_by_a_pipeline, {"ledger": str(ledger)}, fail_fast=fail_fast)
    assert result.state == "FAILED" and sorted(lines_of()) == ["bye", "bye", "good"]


def test_an_exit_handler_runs_under_fail_fast(play, ledger: Path, lines_of) -> None:
    assert play(guarded, {"ledger": str(ledger), "break_it": True}, fail_fast=True).state == "FAILED"
    assert len(lines_of()) == 1


@component
def say_or(text: str = "nothing came") -> str:
    return text


@pipeline
def ignores_failure() -> str:
    broken = fail()
    return say_or.options(ignore_upstream_failure=True)(broken)


def test_a_task_may_ignore_that_one_before_it_failed(play_both) -> None:
    result = play_both(ignores_failure)
    assert states(result) == {"fail": "FAILED", "say-or": "SUCCEEDED"}
    assert result.outputs == {"Output": "nothing came"}


# Artifacts -------------------------------------------------------------------------------------------------------


class Special(Dataset):
    """A user's own kind of data set."""


@component
def make_special(parts: int) -> Special:
    made = Special.create()
    for index in range(parts):
        folder = made.path / f"part-{index}"
        folder.mkdir()
        (folder / "data.bin").write_bytes(bytes([index]) * (5 * 2**20))
    made.metadata["parts"] = parts
    made.metadata["nested"] = {"list": [1, 2.5, None, "ñ"]}
    return made


@component
def look(special: Special) -> str:
    assert type(special).__name__ == "Special" and special.metadata["nested"] == {"list": [1, 2.5, None, "ñ"]}
    files = sorted(special.path.rglob("data.bin"))
    return f"{len(files)} {sum(file.stat().st_size for file in files)} {files[-1].read_bytes()[:1].hex()}"


@component
def look_as_base(data: Artifact) -> str:
    return f"{type(data).__name__} {data.metadata['parts']}"


@pipeline
def big_artifact(parts: int) -> str:
    made = make_special(parts)
    look_as_base(made)
    return look(made)


def test_a_folder_of_50_megabytes_travels_with_its_metadata(play) -> None:
    result = play(big_artifact, {"parts": 10}).raise_for_state()
    assert result.outputs["Output"] == f"10 {10 * 5 * 2**20} 09"
    record = result.tasks["make-special"].output_artifacts["Output"]
    assert record.type == "system.Dataset" and record.size_bytes == 10 * 5 * 2**20
    assert record.metadata["milonga_type"] == "Special"
    assert result.tasks["look-as-base"].outputs["Output"] == "Artifact 10"


@component
def hand_on(data: Dataset) -> Dataset:
    return data


@pipeline
def passed_through() -> str:
    return read(hand_on(hand_on(write("same"))))


def test_an_artifact_may_be_handed_on(play_both) -> None:
    result = play_both(passed_through).raise_for_state()
    assert result.outputs["Output"] == "same:4"
    digests = {task.output_artifacts["Output"].digest for task in result.tasks.values() if task.output_artifacts}
    assert len(digests) == 1


@component
def only_metadata() -> Dataset:
    return Dataset.create_file(metadata={"rows": 3})


@component
def exists(data: Dataset) -> str:
    return f"{data.path.exists()} {data.metadata['rows']}"


@pipeline
def never_written() -> str:
    return exists(only_metadata())


def test_an_artifact_of_which_nothing_was_written_is_its_metadata(play_both) -> None:
    assert play_both(never_written).raise_for_state().outputs["Output"] == "False 3"
    assert play_both(never_written).raise_for_state().tasks["only-metadata"].cached


@component
def wrong_kind(what: str) -> Dataset:
    if what == "text":
        return "no artifact"  # type: ignore[return-value]
    made = Dataset.create_file()
    made.write_text("x")
    made.metadata["bad"] = float("nan") if what == "nan" else object()
    return made


@component
def wrong_number() -> int:
    return "seven"  # type: ignore[return-value]


@pipeline
def returns_wrong_kind(what: str) -> None:
    wrong_kind(what)


@pipeline
def returns_wrong_number() -> int:
    return wrong_number()


@pytest.mark.parametrize("what", ["text", "nan", "object"])
def test_an_output_of_another_type_is_refused(play_both, what: str) -> None:
    result = play_both(returns_wrong_kind, {"what": what})
    assert result.state == "FAILED" and result.tasks["wrong-kind"].error["code"] == "E412"


def test_a_parameter_of_another_type_is_refused(play_both) -> None:
    error = play_both(returns_wrong_number).tasks["wrong-number"].error
    assert error["code"] == "E412" and "seven" in error["got"] and error["expected"] == "int"


@component
def make_links() -> Dataset:
    made = Dataset.create()
    (made.path / "real.txt").write_text("real")
    (made.path / "link.txt").symlink_to("real.txt")
    (made.path / "sub").mkdir()
    (made.path / "run.sh").write_text("#!/bin/sh\n")
    (made.path / "run.sh").chmod(0o755)
    return made


@component
def see_links(data: Dataset) -> str:
    import os

    names = sorted(item.name for item in data.path.iterdir())
    return f"{names} {(data.path / 'link.txt').read_text()} {os.access(data.path / 'run.sh', os.X_OK)}"


@pipeline
def with_links() -> str:
    return see_links(make_links())


def test_links_modes_and_empty_folders_survive(play_both) -> None:
    expected = "['link.txt', 'real.txt', 'run.sh', 'sub'] real True"
    assert play_both(with_links).raise_for_state().outputs["Output"] == expected
