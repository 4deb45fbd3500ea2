"""Every verb: what it prints on stdout, its JSON form, its exit code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

VERBS = ["check", "compile", "data", "devices", "doctor", "lineage", "logs", "replay", "run", "runs", "serve", "show"]


def test_help_lists_the_verbs(milonga) -> None:
    ended = milonga("--help")
    assert ended.code == 0 and ended.err == ""
    listed = re.findall(r"(?m)^  ([a-z]+) ", ended.out.split("Commands:")[1])
    assert set(VERBS) <= set(listed) and listed == sorted(listed)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(here, verb: str) -> None:
    ended = here(verb, "--help")
    assert ended.code == 0 and "Usage: milonga" in ended.out and ended.err == ""


def test_the_version(milonga) -> None:
    from milonga import __version__

    assert milonga("--version").out == f"milonga, version {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from milonga.cli.main import run_command_line; run_command_line(['--help'])\n"
        "heavy = {'torch','numpy','onnx','onnxruntime','sklearn','kfp','kserve','optuna','PIL','yaml','rich'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# runs, show, logs ------------------------------------------------------------------------------------------------


def test_runs_lists_the_newest_first(finished) -> None:
    milonga, document = finished
    (run,) = milonga("runs", "--json").json["runs"]
    assert run == {
        **{"run_id": document["run_id"], "pipeline": "p", "state": "SUCCEEDED", "source": "flow.py:p"},
        **{"started_at": document["started_at"], "ended_at": document["ended_at"]},
    }
    assert milonga("runs").out.split()[0] == document["run_id"]
    assert milonga("runs", "--pipeline", "other", "--json").json == {"runs": []}


def test_runs_of_nothing_is_nothing_and_makes_nothing(here) -> None:
    assert here("runs", "--json").json == {"runs": []} and here("runs").out == ""
    assert list(here.folder.iterdir()) == []


def test_show_tells_a_run_again(finished) -> None:
    milonga, document = finished
    assert milonga("show", document["run_id"], "--json").json == document
    assert milonga("show", document["run_id"][:15], "--json").json["run_id"] == document["run_id"]
    text = milonga("show", document["run_id"]).out
    assert f"{document['run_id']}  p  SUCCEEDED" in text
    assert re.search(r"scale +SUCCEEDED +[0-9.]+ s +[0-9.]+ s +[0-9]+ MiB +1 ", text)


def test_show_tells_a_pipeline(finished) -> None:
    milonga, _ = finished
    text = milonga("show", "flow.py:p").out
    assert "scale(value: NUMBER_INTEGER, factor: NUMBER_DOUBLE) -> Output: NUMBER_DOUBLE" in text
    document = milonga("show", "flow.py:p", "--json").json
    assert len(document["digest"]) == 64 and document["specification"]["pipelineInfo"]["name"] == "p"


def test_logs_print_what_a_task_said(finished) -> None:
    milonga, document = finished
    ended = milonga("logs", document["run_id"], "scale")
    assert (ended.code, ended.out) == (0, "scaling 4\n")
    near = milonga("logs", document["run_id"], "scal")
    assert near.code == 2 and "E913" in near.err and "did you mean 'scale'?" in near.err


def test_logs_of_bytes_and_a_closed_pipe(milonga, here) -> None:
    milonga.write(
        "flow.py",
        """
        import os
        from milonga import component, pipeline

        @component
        def talk() -> int:
            os.write(1, b"caf\\xff\\n" * 100_000)
            return 1

        @pipeline
        def p() -> int:
            return talk()
        """,
    )
    run_id = here("run", "flow.py:p", "--json").json["run_id"]
    assert "caf\ufffd" in milonga("logs", run_id, "talk").out
    command = f"{sys.executable} -m milonga logs {run_id} talk | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=milonga.folder, capture_output=True, text=True, check=False)
    assert done.stdout == "caf\ufffd\n" and done.stderr == ""


# check and compile -----------------------------------------------------------------------------------------------


def test_check_finds_nothing_in_a_good_pipeline(here, flow: Path) -> None:
    ended = here("check", "flow.py:p", "--json")
    assert ended.code == 0 and ended.json == {"findings": []}
    assert "no findings" in here("check", "flow.py:p").err


TWO_MISTAKES = """
    from milonga import component, pipeline

    @component
    def one(value: int) -> int:
        return value

    @component
    def say(text: str) -> str:
        return text

    @pipeline
    def p(flag: bool) -> None:
        say(one("1"))
        one(valu=2)
"""


def test_check_reports_every_mistake_with_its_line(here) -> None:
    path = here.write("bad.py", TWO_MISTAKES)
    ended = here("check", "bad.py:p", "--json")
    assert ended.code == 1 and ended.err.startswith("") and "Traceback" not in ended.err
    findings = ended.json["findings"]
    assert {finding["code"] for finding in findings} >= {"E111", "E113"}
    lines = path.read_text().splitlines()
    for finding in findings:
        where = re.fullmatch(r"(.*bad\.py):(\d+)", finding["where"])
        assert where is not None and lines[int(where.group(2)) - 1].strip() in ('say(one("1"))', "one(valu=2)")
    plain = here("check", "bad.py:p")
    assert plain.code == 1 and "did you mean 'value'?" in plain.out
    assert here("run", "bad.py:p").code == 1 and here("compile", "bad.py:p").code == 1
    assert not here.home.exists()


def test_compile_writes_the_same_bytes_each_time(milonga, here, flow: Path) -> None:
    first = milonga("compile", "flow.py:p", env={"PYTHONHASHSEED": "1"})
    second = milonga("compile", "flow.py:p", env={"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    milonga.write("elsewhere/flow.py", flow.read_text())
    third = here("compile", "elsewhere/flow.py:p")
    assert first.code == 0 and first.out == second.out == third.out and "pipelineInfo:" in first.out
    assert here("compile", "flow.py:p", "-o", "out.yaml").out == ""
    assert (milonga.folder / "out.yaml").read_text() == first.out


def test_compile_check_tells_stale_from_fresh(here, flow: Path) -> None:
    assert here("compile", "flow.py:p", "-o", "out.yaml", "--check").code == 1
    assert not (here.folder / "out.yaml").exists()
    here("compile", "flow.py:p", "-o", "out.yaml")
    assert here("compile", "flow.py:p", "-o", "out.yaml", "--check").code == 0
    flow.write_text(flow.read_text().replace("value * factor", "value + factor"))
    stale = here("compile", "flow.py:p", "-o", "out.yaml", "--check")
    assert stale.code == 1 and "stale" in stale.err and "value * factor" in (here.folder / "out.yaml").read_text()
    assert here("compile", "flow.py:p", "--check").code == 2


# devices, doctor, data, serve ------------------------------------------------------------------------------------


def test_devices_are_listed_and_shown(here) -> None:
    devices = here("devices", "list", "--json")
    names = {device["name"] for device in devices.json["devices"]}
    assert devices.code == 0 and len(names) >= 2
    assert {line.split()[0] for line in here("devices").out.splitlines()} == names
    name = sorted(names)[0]
    assert here("devices", "show", name, "--json").json["name"] == name
    assert "architecture:" in here("devices", "show", name).out
    unknown = here("devices", "show", name[:-1] + "x")
    assert unknown.code in (1, 2) and name in unknown.err and "Traceback" not in unknown.err


def test_doctor_says_what_is_here(milonga, here) -> None:
    facts = milonga("doctor", "--json").json
    assert facts["milonga"] and facts["cores"] >= 1 and facts["home"] == str(milonga.home) and facts["free_bytes"] > 0
    assert set(facts["extras"]) >= {"data", "torch", "devices", "tuning", "serve", "kfp"}
    text = here("doctor").out
    assert "pip install" in text or "ok" in text
    deep = here("doctor", "--json", env={"MILONGA_HOME": str(milonga.folder / "not" / "yet" / "made")})
    assert deep.code == 0 and deep.json["free_bytes"] > 0 and not (milonga.folder / "not").exists()


def test_serve_without_anything_to_serve(here) -> None:
    ended = here("serve")
    assert ended.code == 2 and "E914" in ended.err and "milonga run image-classification" in ended.err
    assert here("serve", "--list", "--json").json == {"servers": []}
    stop = here("serve", "--stop", "nothing")
    assert stop.code == 2 and "E915" in stop.err
    here.write("folder/file.txt", "")
    assert "E720" in here("serve", "folder").err


def test_a_catalogue_name_is_a_target(here) -> None:
    ended = here("run", "image-classification", "--help")
    assert ended.code == 0 and "--data" in ended.out and "required" in ended.out
    assert here("check", "image-classification").code == 0
    near = here("run", "image-clasification")
    assert near.code == 2 and "E908" in near.err and "did you mean 'image-classification'?" in near.err


def test_a_pipe_closed_early_is_no_error(milonga, flow: Path) -> None:
    command = f"{sys.executable} -m milonga compile flow.py:p | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=milonga.folder, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_compile_says_what_it_did_as_json(here, flow: Path) -> None:
    import hashlib
    import json

    done = here("compile", "flow.py:p", "-o", "out.yaml", "--json")
    document = json.loads(done.out)
    assert done.code == 0
    assert document["written"] and not document["stale"]
    assert document["target"].startswith("kfp@")
    assert document["sha256"] == hashlib.sha256((here.folder / "out.yaml").read_bytes()).hexdigest()
    (here.folder / "out.yaml").write_bytes(b"\xff")
    again = here("compile", "flow.py:p", "-o", "out.yaml", "--check", "--json")
    assert again.code == 1
    assert json.loads(again.out)["stale"]
    assert here("compile", "flow.py:p", "--json").code == 2
