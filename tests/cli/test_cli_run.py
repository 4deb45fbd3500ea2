"""`milonga run`: typed flags from the pipeline's own inputs, one document on stdout, exit codes that mean something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def value_of(ended, name: str):
    return ended.json["arguments"][name]


def test_help_lists_each_input_with_type_default_and_text(here, flow: Path) -> None:
    ended = here("run", "flow.py:p", "--help")
    assert ended.code == 0
    text = " ".join(ended.out.split())
    assert "Multiply a number." in text
    assert "--value INT what is multiplied, in metres. [int; required]" in text
    assert "--factor FLOAT by how much. [float; default: 0.5]" in text
    assert "[bool; default: False]" in text and "[str; default: 'hello']" in text
    assert "[Optional[int]; default: None]" in text or "int | None; default: None]" in text
    assert "Literal['s', 'm']" in text and "--jobs" in text and "--resume" in text


def test_flags_have_the_types_of_the_inputs(here, flow: Path) -> None:
    ended = here(
        *("run", "flow.py:p", "--value", "-3", "--factor", "2", "--text", "-- it's ñ", "--loud", "true"),
        *("--items", "[1, 2]", "--table", '{"k": 3}', "--size", "m", "--maybe", "7", "--json", "-q"),
    )
    assert ended.code == 0, ended.err
    assert ended.json["arguments"] == {
        **{"value": -3, "factor": 2.0, "text": "-- it's ñ", "loud": True, "items": [1, 2], "table": {"k": 3}},
        **{"size": "m", "maybe": 7, "jobs": 1},
    }
    assert ended.json["outputs"] == {"Output": -6.0}


def test_arguments_come_from_a_file_then_set_then_flags(here, flow: Path) -> None:
    here.write("args.json", json.dumps({"value": 1, "factor": 1.0, "text": "file", "jobs": 5, "maybe": None}))
    ended = here(
        *("run", "flow.py:p", "--args", "args.json", "--set", "factor=2", "--set", "jobs=7"),
        *("--factor", "3", "--json", "-q"),
    )
    assert ended.code == 0, ended.err
    assert [value_of(ended, name) for name in ("value", "factor", "text", "jobs")] == [1, 3.0, "file", 7]


def test_the_last_of_several_assignments_wins_and_text_may_hold_anything(here, flow: Path) -> None:
    ended = here("run", "flow.py:p", "--value=1", "--set", "text=a", "--set", "text=b=c,{}'\"", "--json", "-q")
    assert value_of(ended, "text") == "b=c,{}'\""


def test_the_document_says_everything_about_a_run(finished) -> None:
    command, document = finished
    assert set(document) == {
        *("run_id", "pipeline", "state", "arguments", "outputs", "started_at", "ended_at", "folder", "report", "tasks")
    }
    assert (document["state"], document["pipeline"], document["outputs"]) == ("SUCCEEDED", "p", {"Output": 2.0})
    task = document["tasks"]["scale"]
    assert set(task) == {
        *("state", "kind", "component", "parameters", "artifacts", "inputs", "attempts", "cached", "log", "started_at"),
        *("ended_at", "wall_s", "cpu_s", "peak_memory_bytes", "cache", "origin"),
    }
    assert task["parameters"] == {"Output": 2.0} and task["inputs"]["parameters"] == {"value": 4, "factor": 0.5}
    assert document["started_at"] <= task["started_at"] <= task["ended_at"] <= document["ended_at"]
    assert (task["attempts"], task["cached"]) == (1, False) and task["cpu_s"] > 0 and task["peak_memory_bytes"] > 0
    assert "scaling 4" in Path(task["log"]).read_text()
    artifact = document["tasks"]["store"]["artifacts"]["Output"]
    assert artifact["type"] == "system.Dataset" and artifact["metadata"] == {"length": 5}
    assert Path(artifact["uri"]).read_text() == "hello" and len(artifact["digest"]) == 64
    assert Path(document["report"]).is_file() and Path(document["folder"]) == command.home / "runs" / document["run_id"]


def test_stdout_is_data_only(milonga, flow: Path) -> None:
    plain = milonga("run", "flow.py:p", "--value", "4")
    assert (plain.code, plain.out) == (0, "Output = 2.0\n")
    assert "scale" in plain.err and "noise while the file is loaded" in plain.err
    debugged = milonga("run", "flow.py:p", "--value", "4", "--in-process", "--no-cache", "--json")
    assert debugged.json["state"] == "SUCCEEDED" and "scaling 4" in debugged.err


def test_quiet_is_quiet(here, flow: Path) -> None:
    ended = here("run", "flow.py:p", "--value", "4", "-q")
    assert ended.out == "Output = 2.0\n" and "started" not in ended.err


FAILING = """
    from milonga import component, pipeline

    @component
    def divide(value: int) -> float:
        return 1 / value

    @pipeline
    def p(value: int = 0) -> float:
        return divide(value)
"""


def test_a_failed_run_ends_with_one_and_says_where(here) -> None:
    here.write("bad.py", FAILING)
    ended = here("run", "bad.py:p", "--json")
    assert ended.code == 1 and ended.json["state"] == "FAILED"
    error = ended.json["tasks"]["divide"]["error"]
    assert error["code"] == "E410" and "return 1 / value" in error["traceback"]
    assert "error E410: ZeroDivisionError: division by zero" in ended.err and "task divide" in ended.err
    assert f"milonga run --resume {ended.json['run_id']}" in ended.err


def test_a_failed_run_shows_the_log_of_the_failure(here) -> None:
    here.write("bad.py", FAILING)
    ended = here("run", "bad.py:p")
    assert ended.code == 1 and ended.out == "" and "return 1 / value" in ended.err


def test_text_that_no_terminal_can_show_is_still_shown(milonga) -> None:
    milonga.write(
        "odd.py",
        "from milonga import component, pipeline\n@component\ndef odd() -> str:\n"
        '    return "\\ud800 \\x00 ñ"\n@pipeline\ndef p() -> str:\n    return odd()\n',
    )
    ended = milonga("run", "odd.py:p")
    assert ended.code == 0 and ended.out.startswith('Output = "\\ud800') and "Traceback" not in ended.err


SEVERAL = """
    from milonga import component, pipeline

    @component
    def one() -> int:
        return 1

    @pipeline
    def first() -> int:
        return one()

    @pipeline
    def second() -> int:
        return one()
"""


def test_a_file_with_several_pipelines_needs_a_name(here) -> None:
    here.write("several.py", SEVERAL)
    ended = here("run", "several.py")
    assert ended.code == 2 and "E909" in ended.err and "several.py:first, several.py:second" in ended.err
    assert here("run", "several.py:second").out == "Output = 1\n"
    near = here("run", "several.py:secnd")
    assert near.code == 2 and "did you mean 'second'?" in near.err


def test_a_folder_a_file_and_a_component_are_targets(here) -> None:
    here.write("job/pipeline.py", SEVERAL.split("@pipeline\n    def second")[0])
    assert here("run", "job").out == "Output = 1\n"
    assert here("run", "job/pipeline.py").out == "Output = 1\n"
    assert here("run", "job/pipeline.py:one").out == "Output = 1\n"


def test_tasks_import_what_lies_beside_the_file(milonga) -> None:
    milonga.write("lib/beside.py", "def seven():\n    return 7\n")
    milonga.write(
        "lib/flow.py",
        """
        from milonga import component, pipeline

        @component
        def one() -> int:
            import beside
            return beside.seven()

        @pipeline
        def p() -> int:
            return one()
        """,
    )
    assert milonga("run", "lib/flow.py:p", "-q").out == "Output = 7\n"


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_compiled_file_runs_as_the_source_does(here, flow: Path, suffix: str) -> None:
    ended = here("compile", "flow.py:p", "-o", f"out.{suffix}")
    assert ended.code == 0, ended.err
    if suffix == "json":
        import yaml

        document = yaml.safe_load((here.folder / "out.json").read_text())
        (here.folder / "out.json").write_text(json.dumps(document))
    flow.unlink()
    ended = here("run", f"out.{suffix}", "--value", "4", "--items", "[3]", "--json", "-q")
    assert ended.code == 0, ended.err
    assert ended.json["outputs"] == {"Output": 2.0} and value_of(ended, "items") == [3]
    assert "--value INT" in here("run", f"out.{suffix}", "--help").out


def test_the_state_folder_is_chosen_by_flag_then_environment(here, flow: Path, tmp_path: Path) -> None:
    here("run", "flow.py:p", "--value", "1", "-q", env={"MILONGA_HOME": str(tmp_path / "by-env")})
    here("run", "flow.py:p", "--value", "1", "-q", "--home", "by-flag", env={"MILONGA_HOME": str(tmp_path / "no")})
    assert (tmp_path / "by-env" / "lineage.sqlite").exists() and (tmp_path / "by-flag" / "lineage.sqlite").exists()
    assert not (tmp_path / "no").exists() and not here.home.exists()


def test_secrets_come_from_a_file(here) -> None:
    here.write(
        "flow.py",
        """
        import os
        from milonga import component, pipeline

        @component(secrets={"TOKEN": "vault/token"})
        def see() -> int:
            return len(os.environ["TOKEN"])

        @pipeline
        def p() -> int:
            return see()
        """,
    )
    here.write("secrets.json", json.dumps({"vault": {"token": "s3cr3t-value"}}))
    ended = here("run", "flow.py:p", "--secrets", "secrets.json", "--json")
    assert ended.json["outputs"] == {"Output": 12} and "s3cr3t-value" not in ended.out + ended.err
    kept = [path for path in here.home.rglob("*") if path.is_file() and b"s3cr3t-value" in path.read_bytes()]
    assert kept == [], "a secret was written to disk"
    ended = here("run", "flow.py:p", "--json", "--no-cache")
    assert ended.code == 1 and ended.json["error"]["code"] == "E443"
