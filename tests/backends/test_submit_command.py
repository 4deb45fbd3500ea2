"""`milonga submit` and `milonga schedule` as commands: exit codes, streams, what is sent and what is not."""

from __future__ import annotations

import signal
import sys
import time

import pytest
from recording_server import Answer
from remote_samples import PIPELINE


def test_a_run_is_started_and_its_id_and_page_are_the_output(milonga, kfp_server) -> None:
    kfp_server.token = "s3cret-t0ken"
    ended = milonga("submit", "nightly.py", "--to", "kfp", "--number", "4", MILONGA_KFP_TOKEN="s3cret-t0ken")
    assert ended.code == 0, ended.err
    run_id, url = ended.out.splitlines()
    assert kfp_server.runs[run_id]["runtime_config"]["parameters"] == {"number": 4}
    assert url == f"{kfp_server.address}/#/runs/details/{run_id}"
    assert ended.err == ""


@pytest.mark.slow
def test_waiting_shows_changes_and_ends_with_the_run_s_own_end(milonga, kfp_server) -> None:
    kfp_server.scenes = [
        {"state": "RUNNING", "tasks": {"add": "RUNNING"}},
        {"state": "FAILED", "tasks": {"add": "FAILED"}, "error": "the pod\nwas evicted"},
    ]
    ended = milonga("submit", "add_up.yaml", "--to", "kfp", "--rows", "1", "--wait", "--json")
    assert ended.code == 1 and ended.json["state"] == "FAILED"
    assert ended.json["tasks"][0]["name"] == "add" and ended.json["error"] == "the pod\nwas evicted"
    lines = [line.split(" ", 1)[1] for line in ended.err.splitlines()[1:]]
    run = f"run {ended.json['run_id']}"
    assert lines == ["add running", f"{run} RUNNING", "add failed", f"{run} FAILED"]


@pytest.mark.slow
def test_a_server_that_is_away_is_exit_code_three(milonga, kfp_server) -> None:
    ended = milonga("submit", "add_up.yaml", "--to", "kfp", "--rows", "1", "--endpoint", "http://127.0.0.1:9", "--json")
    assert ended.code == 3 and ended.json["error"]["code"] == "E800"
    assert "Traceback" not in ended.err and "Retrying" not in ended.err


@pytest.mark.slow
def test_leaving_a_wait_leaves_the_run_and_says_how_to_look_again(milonga, kfp_server) -> None:
    kfp_server.scenes = [{"state": "RUNNING", "tasks": {"add": "RUNNING"}}]
    process = milonga.start("submit", "add_up.yaml", "--to", "kfp", "--rows", "1", "--wait")
    deadline = time.monotonic() + 120
    while not kfp_server.asked("GET", "/runs/") and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    (run_id,) = kfp_server.runs
    assert process.returncode == 1 and "Traceback" not in err
    assert f"milonga submit --to kfp --attach {run_id} --wait" in err
    assert kfp_server.asked("POST", "terminate") == []


WRONG = [
    (["add_up.yaml", "--to", "kfp"], "E903"),
    (["add_up.yaml", "--to", "kfp", "--rows", "x"], "E900"),
    (["add_up.yaml", "--to", "kfp", "--set", "rows=x"], "E904"),
    (["add_up.yaml", "--to", "kfp", "--set", "rows=1", "--set", "rwos=2"], "E902"),
    (["add_up.yaml", "--to", "kpf"], "E930"),
    (["add_up.yaml", "--to", "kfp", "--project", "p", "--rows", "1"], "E931"),
    (["add_up.yaml", "--to", "vertex", "--rows", "1"], "E932"),
    (["add_up.yaml", "--to", "kfp", "--rows", "1", "--endpoint", "ftp://x"], "E933"),
    (["add_up.yaml", "--to", "kfp", "--rows", "1", "--label", "a"], "E911"),
    (["add_up.yaml", "--to", "kfp", "--rows", "1", "--label", "a=b"], "E933"),
    (["add_up.yaml", "--to", "kfp", "--rows", "1", "--timeout-s", "5"], "E937"),
    (["add_up.yaml", "--to", "kfp", "--rows", "1", "--cancel"], "E937"),
    (["add_up.yaml", "--to", "kfp", "--attach", "id"], "E937"),
    (["--to", "kfp", "--attach", "id", "--no-cache"], "E937"),
    (["--to", "kfp"], "E908"),
    (["absent.yaml", "--to", "kfp"], "E908"),
    (["add_up.yaml", "--rows", "1"], "E900"),
]


@pytest.mark.parametrize(("arguments", "code"), WRONG, ids=lambda value: value if isinstance(value, str) else None)
def test_wrong_usage_is_exit_code_two_and_nothing_is_sent(here, kfp_server, arguments, code) -> None:
    ended = here("submit", *arguments, "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == code, ended.err
    assert kfp_server.requests == []


def test_what_the_back_end_refuses_is_sent_by_force_only(here, kfp_server, milonga) -> None:
    """An input artifact at the root makes KFP's driver fail."""
    text = PIPELINE.replace(
        "root:\n  inputDefinitions:\n",
        "root:\n  inputDefinitions:\n    artifacts: {data: {artifactType: {schemaTitle: system.Dataset, "
        "schemaVersion: 0.0.1}, isOptional: true}}\n",
    )
    (milonga.folder / "artifact.yaml").write_text(text, "utf-8")
    ended = here("submit", "artifact.yaml", "--to", "kfp", "--rows", "1", "--json")
    assert ended.code == 1 and "E302" in {item["code"] for item in ended.json["findings"]}
    assert "--force" in ended.err and kfp_server.requests == []
    ended = here("submit", "artifact.yaml", "--to", "kfp", "--rows", "1", "--force")
    assert ended.code == 0 and len(kfp_server.runs) == 1


def test_mistakes_of_the_pipeline_itself_are_not_forced(here, kfp_server, milonga) -> None:
    (milonga.folder / "broken.yaml").write_text(PIPELINE.replace("name: comp-inner", "name: comp-absent"), "utf-8")
    ended = here("submit", "broken.yaml", "--to", "kfp", "--rows", "1", "--force")
    assert ended.code == 1 and "E210" in ended.err and kfp_server.requests == []


def test_a_run_is_looked_at_and_ended_by_its_id(here, kfp_server) -> None:
    kfp_server.scenes = [{"state": "RUNNING", "tasks": {"add": "RUNNING"}}]
    run_id = here("submit", "add_up.yaml", "--to", "kfp", "--rows", "1").out.splitlines()[0]
    shown = here("submit", "--to", "kfp", "--attach", run_id)
    assert shown.code == 0 and shown.out.splitlines()[:2] == ["add running", f"{run_id} RUNNING"]
    assert here("submit", "--to", "kfp", "--attach", run_id, "--wait", "--timeout-s", "0").code == 3
    asked = here("submit", "--to", "kfp", f"--attach={run_id}", "--cancel", "--json")
    assert asked.code == 0 and asked.json == {"backend": "kfp", "run_id": run_id, "cancel": "accepted"}
    assert here("submit", "--to", "kfp", f"--attach={run_id}", "--cancel").code == 0, "may be asked for again"
    kfp_server.ended()
    ended = here("submit", "--to", "kfp", f"--attach={run_id}", "--cancel", "--wait")
    assert ended.code == 1 and f"{run_id} CANCELLED" in ended.out
    absent = here("submit", "--to", "kfp", "--attach", "absent", "--json")
    assert absent.code == 3 and absent.json["error"]["code"] == "E812"


def test_a_schedule_is_added_listed_paused_resumed_and_deleted(here, kfp_server) -> None:
    added = here("schedule", "add", "nightly.py", "--to", "kfp", "--cron", "0 6 * * *", "--number", "4", "--json")
    assert added.code == 0, added.err
    id = added.json["id"]
    assert kfp_server.recurring[id]["runtime_config"]["parameters"] == {"number": 4}
    listed = here("schedule", "list", "--to", "kfp")
    assert listed.out.split() == [id, "on", "0", "0", "6", "*", "*", "*", "nightly"]
    assert here("schedule", "pause", id, "--to", "kfp").code == 0
    assert here("schedule", "list", "--to", "kfp", "--json").json["schedules"][0]["enabled"] is False
    assert here("schedule", "resume", id, "--to", "kfp").code == 0
    assert here("schedule", "delete", id, "--to", "kfp", "--json").json == {
        "backend": "kfp",
        "id": id,
        "state": "deleted",
    }
    assert here("schedule", "delete", id, "--to", "kfp").code == 3
    assert here("schedule", "list", "--to", "kfp").out == ""


def test_a_schedule_that_kfp_cannot_keep_is_exit_code_one(here, kfp_server) -> None:
    arguments = ("schedule", "add", "nightly.py", "--to", "kfp", "--number", "4", "--cron", "0 6 * * *")
    ended = here(*arguments, "--time-zone", "Europe/Madrid", "--json")
    assert ended.code == 1 and [item["code"] for item in ended.json["findings"]] == ["E310"]
    assert kfp_server.requests == []
    assert here(*arguments, "--time-zone", "Europe/Madrid", "--kfp-time-zone", "Europe/Madrid").code == 0


def test_help_names_inputs_and_settings(here) -> None:
    shown = here("submit", "nightly.py", "--help")
    assert shown.code == 0 and "--number" in shown.out and "MILONGA_VERTEX_PROJECT" in shown.out
    assert "token" not in shown.out.replace("MILONGA_KFP_TOKEN", "")


def test_the_server_s_own_words_are_shown(here, kfp_server) -> None:
    kfp_server.fail("/runs$", answer=Answer(400, {"message": "Namespace is 'frozen'", "code": 3}))
    ended = here("submit", "add_up.yaml", "--to", "kfp", "--rows", "1")
    assert ended.code == 3 and "HTTP 400: Namespace is 'frozen'" in ended.err


def test_from_python_the_same(kfp_server, graph) -> None:
    from milonga.backends.api import submit
    from milonga.errors import UsageError

    submission = submit(graph, {"rows": 2}, to="kfp", endpoint=kfp_server.address, name="by hand")
    assert submission.wait(timeout_s=60).succeeded and submission.status().run_id == submission.run_id
    assert kfp_server.runs[submission.run_id]["display_name"] == "by hand"
    submission.cancel()
    with pytest.raises(UsageError) as caught:
        submit(graph, {"rows": 2}, to="kfp", endpont=kfp_server.address)
    assert caught.value.code == "E931" and "--endpoint" in caught.value.hint


def test_vertex_by_flags_alone(here, vertex_server) -> None:
    details = [{"taskId": "2", "parentTaskId": "1", "taskName": "add", "state": "SUCCEEDED"}]
    vertex_server.scenes = [{"state": "PIPELINE_STATE_SUCCEEDED", "jobDetail": {"taskDetails": details}}]
    flags = (
        "--to",
        "vertex",
        "--project",
        "my-project",
        "--location",
        "europe-west4",
        "--endpoint",
        vertex_server.address,
    )
    ended = here(
        "submit", "nightly.py", *flags, "--pipeline-root", "gs://bucket/r", "--number", "4", "--label", "a=b", "--wait"
    )
    assert ended.code == 0, ended.err
    (job_id,) = vertex_server.jobs
    assert ended.out.splitlines()[0] == f"{job_id} SUCCEEDED" and "add succeeded" in ended.err
    assert vertex_server.jobs[job_id]["runtimeConfig"]["parameterValues"] == {"number": 4}
    assert vertex_server.jobs[job_id]["labels"] == {"a": "b"}
    assert here("submit", *flags, "--attach", job_id, "--json").json["state"] == "SUCCEEDED"


@pytest.mark.parametrize(("name", "package"), [("kfp", "kfp"), ("vertex", "google.auth")])
def test_a_missing_package_is_named_with_its_extra(name, package, graph, monkeypatch) -> None:
    from milonga.backends import backend_named
    from milonga.backends.patience import Patience
    from milonga.errors import MissingExtra

    monkeypatch.setitem(sys.modules, package, None)
    settings = {"kfp": {"endpoint": "http://localhost:9"}, "vertex": {"project": "my-project", "location": "us-east1"}}
    with pytest.raises(MissingExtra) as caught:
        backend_named(name).configured(settings[name], Patience()).status("some-run")
    assert f"milonga[{name}]" in caught.value.hint
