"""`milonga replay`: a recorded step once more, in a debugger, with other inputs, with the code of today."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

FLOW = '''
from typing import NamedTuple

import milonga as ml
from milonga import Dataset, Model, component, pipeline

BASE = 3


class Trained(NamedTuple):
    model: Model
    accuracy: float


def part(total: int, parts: int) -> float:
    return total / parts


@component
def ingest(rows: int) -> Dataset:
    """Make rows."""
    made = Dataset.create_file()
    made.write_text("x" * rows)
    return made


@component(retries=1)
def divide(data: Dataset, total: int, parts: int) -> float:
    print(f"dividing {total} by {parts}")
    return part(total, parts) + BASE


@component
def train(data: Dataset, rate: float) -> Trained:
    model = Model.create_file(metadata={"rate": rate})
    model.write_text(data.read_text())
    return Trained(model, rate)


@pipeline
def flow(parts: int = 0) -> float:
    data = ingest(3)
    with ml.ParallelFor([0.5, 0.25]) as rate:
        train(data, rate)
    return divide(data, 12, parts)
'''


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, command_line_in) -> Path:
    """A folder with a run that failed; tests work on copies of it."""
    command = command_line_in(tmp_path_factory.mktemp("recorded"))
    command.write("flow.py", FLOW)
    ended = command("run", "flow.py", "--quiet")
    assert ended.code == 1 and "ZeroDivisionError" in ended.err
    return command.folder


@pytest.fixture
def failed(recorded: Path, here, tmp_path: Path):
    """The command line in a copy of that folder."""
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True, symlinks=True)
    return here


def rows_of(folder: Path) -> Any:
    """Everything that the state folder keeps about runs, replays left out."""
    import sqlite3

    connection = sqlite3.connect(folder / ".milonga" / "lineage.sqlite")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    connection.close()
    files = sorted(
        str(path.relative_to(folder))
        for part in ("runs", "store")
        for path in (folder / ".milonga" / part).rglob("*")
        if "replays" not in path.parts
    )
    return rows, files


def test_a_failure_is_repeated_and_shown_at_the_authors_line(failed) -> None:
    ended = failed("replay", "last", "divide")
    assert ended.code == 1 and ended.out == ""
    assert "dividing 12 by 0" in ended.err and "failed again in the same way" in ended.err
    line = FLOW.splitlines().index("    return total / parts") + 1
    assert f'{failed.folder / "flow.py"}", line {line}, in part' in ended.err
    assert f"at: {failed.folder / 'flow.py'}:{line}" in ended.err


def test_a_success_is_repeated_and_its_outputs_are_compared_one_by_one(failed) -> None:
    ended = failed("replay", "last", "for-loop-1[1]/train", "--json")
    assert ended.code == 0, ended.err
    document = ended.json
    assert document["same"] is True and document["outputs"] == {"accuracy": 0.25}
    assert {output["name"]: output["same"] for output in document["compared"]} == {"accuracy": True, "model": True}
    assert Path(document["output_artifacts"]["model"]["uri"]).read_text() == "xxx"


def test_nothing_that_was_recorded_changes_and_the_cache_learns_nothing(failed) -> None:
    before = rows_of(failed.folder)
    assert failed("replay", "last", "ingest", "--set", "rows=70").code == 0
    assert failed("replay", "last", "divide").code == 1
    assert rows_of(failed.folder) == before


def test_without_a_task_the_step_that_the_run_failed_in_is_taken(failed) -> None:
    assert failed("replay", "last", "--json").json["task"] == "divide"


def test_another_value_may_mend_it(failed) -> None:
    ended = failed("replay", "last", "divide", "--set", "parts=4", "--json")
    assert ended.code == 0 and ended.json["outputs"] == {"Output": 6.0} and ended.json["changed"] == ["parts"]
    assert ended.json["inputs"]["total"] == 12, "what is not changed is as it was recorded"


def test_an_artifact_may_be_given_from_elsewhere(failed) -> None:
    failed.write("other.txt", "abc")
    ended = failed("replay", "last", "for-loop-1[0]/train", "--set", "data=other.txt", "--json")
    assert Path(ended.json["output_artifacts"]["model"]["uri"]).read_text() == "abc"


def test_a_difference_in_what_should_be_the_same_ends_with_one(here) -> None:
    here.write(
        "flow.py",
        """
        import os
        from milonga import component, pipeline

        @component
        def draw(low: int) -> str:
            return os.urandom(8).hex()

        @pipeline
        def flow() -> str:
            return draw(1)
        """,
    )
    assert here("run", "flow.py", "--quiet").code == 0
    ended = here("replay", "last", "draw")
    assert ended.code == 1 and "different: Output: " in ended.err and "succeeded with other outputs" in ended.err


def test_the_code_of_today_is_tried_on_the_inputs_of_then(failed) -> None:
    mended = FLOW.replace("total / parts\n", "total / max(parts, 1)\n")
    failed.write("flow.py", mended)
    assert failed("replay", "last", "divide").code == 1, "the run's own code is not touched by an edit"
    ended = failed("replay", "last", "divide", "--current", "--json")
    assert ended.code == 0 and ended.json["outputs"] == {"Output": 15.0} and ended.json["current"] is True
    failed.write("elsewhere.py", mended)
    (failed.folder / "flow.py").unlink()
    assert failed("replay", "last", "divide", "--source", "elsewhere.py:flow").code == 0


def test_the_code_of_today_may_take_more_and_less(failed) -> None:
    failed.write(
        "flow.py",
        FLOW.replace(
            "total: int, parts: int) -> float:\n    print", "total: int, by: int) -> float:\n    parts = by\n    print"
        ).replace("divide(data, 12, parts)", "divide(data, 12, by=parts)"),
    )
    ended = failed("replay", "last", "divide", "--current")
    assert ended.code == 1 and "E458" in ended.err and "--set by=VALUE" in ended.err
    ended = failed("replay", "last", "divide", "--current", "--set", "by=4")
    assert ended.code == 0 and ended.out == "Output = 6.0\n"
    assert "takes no 'parts' any more" in ended.err


def test_the_debugger_opens_at_the_authors_line(milonga, recorded: Path) -> None:
    shutil.copytree(recorded, milonga.folder, dirs_exist_ok=True, symlinks=True)
    ended = milonga("replay", "last", "divide", "--pdb", stdin="p total, parts\nl\nup\np data.read_text()\nquit\n")
    assert ended.code == 1
    line = FLOW.splitlines().index("    return total / parts") + 1
    assert f"flow.py({line})part()" in ended.err and "(12, 0)" in ended.err
    assert "->\t    return total / parts" in ended.err.replace("->  ", "->"), "the source is listed"
    assert "'xxx'" in ended.err, "the frame above is the component's own"
    assert "milonga/engine" not in ended.err


def test_a_breakpoint_in_the_code_of_today_is_hit(milonga, recorded: Path) -> None:
    shutil.copytree(recorded, milonga.folder, dirs_exist_ok=True, symlinks=True)
    milonga.write("flow.py", FLOW.replace("    return total / parts\n", "    breakpoint()\n    return total / parts\n"))
    ended = milonga("replay", "last", "--current", "--pdb", "--json", stdin="parts = 6\ncontinue\n")
    assert ended.code == 0, ended.err
    assert ended.json["outputs"] == {"Output": 5.0} and "flow.py(" in ended.err


def test_a_library_below_the_author_does_not_hide_the_authors_frame(milonga, here) -> None:
    milonga.write(
        "flow.py",
        """
        import json
        from milonga import component, pipeline

        @component
        def read(text: str) -> int:
            mine = text.upper()
            return len(json.loads(text))

        @pipeline
        def flow() -> int:
            return read("{not json")
        """,
    )
    assert here("run", "flow.py", "--quiet").code == 1
    ended = milonga("replay", "last", "--pdb", stdin="p mine\nq\n")
    assert "'{NOT JSON'" in ended.err, "pdb stands in the author's frame, not in json's"


@pytest.fixture
def own(here):
    """A run whose content is in no other state folder."""
    here.write("flow.py", FLOW)
    assert here("run", "flow.py", "--quiet").code == 1
    return here


def test_a_state_folder_that_has_moved_is_still_good(failed, recorded: Path) -> None:
    uri = failed("show", "last", "ingest", "--json").json["outputs"]["artifacts"]["Output"]["uri"]
    assert uri.startswith(str(recorded)), "the records name the old place"
    hidden = recorded.with_name("hidden")
    recorded.rename(hidden)
    try:
        assert failed("replay", "last", "for-loop-1[0]/train").code == 0
    finally:
        hidden.rename(recorded)


def test_content_that_is_gone_is_named(own) -> None:
    failed = own
    document = failed("show", "last", "divide", "--json").json
    data = document["inputs"]["artifacts"]["data"]
    shutil.rmtree(Path(data["uri"]).parent)
    ended = failed("replay", "last", "divide")
    assert ended.code == 1 and "E456" in ended.err
    assert f"data: {data['uri']} (digest {data['digest'][:12]})" in ended.err
    assert not (failed.folder / ".milonga/runs" / document["run_id"] / "replays").exists()


def test_content_that_was_changed_is_not_taken_for_what_it_was(own) -> None:
    failed = own
    uri = Path(failed("show", "last", "divide", "--json").json["inputs"]["artifacts"]["data"]["uri"])
    uri.chmod(0o644)
    uri.write_text("yyyy")
    assert "E456" in failed("replay", "last", "divide").err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("20000101", "divide"), 2, "E905"),
        (("last", "divid"), 2, "did you mean 'divide'?"),
        (("last", "train"), 2, "for-loop-1[0]/train, for-loop-1[1]/train"),
        (("last", "for-loop-1"), 1, "E455"),
        (("last", "divide", "--set", "prts=1"), 2, "did you mean 'parts'?"),
        (("last", "divide", "--set", "parts=many"), 2, "expected: int"),
        (("last", "divide", "--set", "parts"), 2, "E911"),
        (("last", "divide", "--set", "data=/no/such"), 2, "E904"),
        (("last", "divide", "--source", "nothing.py"), 2, "E908"),
    ],
)
def test_wrong_words_are_one_clear_error(failed, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = failed("replay", *arguments)
    assert ended.code == code and said in ended.err and ended.err.count("error ") == 1
    assert "Traceback" not in ended.err


def test_a_step_that_never_ran_has_nothing_to_start_from(here) -> None:
    here.write(
        "flow.py",
        """
        from milonga import component, pipeline

        @component
        def stop() -> int:
            raise ValueError("no")

        @component
        def after(number: int) -> int:
            return number

        @pipeline
        def flow() -> int:
            return after(stop())
        """,
    )
    here("run", "flow.py", "--quiet")
    ended = here("replay", "last", "after")
    assert ended.code == 1 and "E455" in ended.err and "NOT_RUN" in ended.err


def test_a_kfp_component_is_replayed_and_its_lines_are_the_authors(here) -> None:
    pytest.importorskip("kfp")
    here.write(
        "flow.py",
        """
        from kfp import dsl

        @dsl.component(base_image="python:3.11")
        def add(left: int, right: int) -> int:
            if right < 0:
                raise ValueError("negative")
            return left + right

        @dsl.pipeline(name="sums")
        def flow(right: int = -1) -> int:
            return add(left=1, right=right).output
        """,
    )
    assert here("run", "flow.py:flow", "--quiet").code == 1
    ended = here("replay", "last", "add")
    assert ended.code == 1 and f'{here.folder / "flow.py"}", line 7, in add' in ended.err
    ended = here("replay", "last", "add", "--set", "right=2", "--json")
    assert ended.code == 0 and ended.json["outputs"] == {"Output": 3}


def test_an_importer_looks_again_at_its_address(here) -> None:
    here.write(
        "flow.py",
        """
        import milonga as ml
        from milonga import Dataset, component, pipeline

        @component
        def size(data: Dataset) -> int:
            return len(data.read_text())

        @pipeline
        def flow(address: str) -> int:
            return size(ml.importer(address, Dataset))
        """,
    )
    data = here.write("data.txt", "abc")
    ended = here("run", "flow.py", "--set", f"address={data}", "--quiet", "--json")
    if ended.code == 2:
        pytest.skip("this language has no importer of that form")
    (path,) = [path for path in ended.json["tasks"] if path != "size"]
    assert here("replay", "last", path).code == 0
    data.write_text("abcd")
    ended = here("replay", "last", path)
    assert ended.code == 1 and "succeeded with other outputs" in ended.err


def test_hostile_values_are_data(here) -> None:
    hostile = "{{$.inputs}} '\"\\ \n $(rm) é \u2028"
    here.write(
        "flow.py",
        """
        from milonga import component, pipeline

        @component
        def echo(text: str) -> str:
            return text

        @pipeline
        def flow(text: str) -> str:
            return echo(text)
        """,
    )
    here.write("args.json", json.dumps({"text": hostile}))
    assert here("run", "flow.py", "--args", "args.json", "--quiet").code == 0
    assert here("replay", "last", "echo", "--json").json["outputs"] == {"Output": hostile}
    other = here("replay", "last", "echo", "--set", f"text={hostile}=", "--json")
    assert other.code == 0 and other.json["outputs"] == {"Output": f"{hostile}="}
