"""Which settings a verb takes, and what its JSON document holds."""

from __future__ import annotations

import pytest
from recording_server import Answer

from milonga.backends import BACKENDS, backend_named
from milonga.backends.api import submit
from milonga.errors import UsageError

RUN = ("add_up.yaml", "--to", "kfp", "--set", "rows=1")

IGNORED = [
    (("schedule", "list", "--to", "kfp", "--experiment", "nope"), "E900"),
    (("schedule", "list", "--to", "kfp", "--service-account", "robot"), "E900"),
    (("schedule", "pause", "1", "--to", "kfp", "--pipeline-root", "s3://b"), "E900"),
    (("submit", *RUN, "--kfp-time-zone", "Mars/Phobos"), "E900"),
    (("submit", "--to", "kfp", "--attach", "1", "--experiment", "nope"), "E937"),
    (("submit", "--to", "kfp", "--attach", "1", "--pipeline-root", "s3://b"), "E937"),
    (("submit", "--to", "kfp", "--attach", "1", "--service-account", "robot"), "E937"),
    (("submit", "--to", "vertex", "--attach", "1", "--network", "projects/1/global/networks/n"), "E937"),
    (("submit", *RUN, "--endpoint", ""), "E933"),
    (("submit", *RUN, "--experiment", "x" * 129), "E933"),
    (("schedule", "list", "--to", "kfp", "--namespace", ""), "E933"),
    (("schedule", "add", *RUN, "--cron", "@daily", "--kfp-time-zone", "Mars/Phobos"), "E920"),
]


@pytest.mark.parametrize(("arguments", "code"), IGNORED, ids=lambda value: "-".join(value)[:60])
def test_a_setting_that_would_be_ignored_is_an_error(here, kfp_server, arguments, code) -> None:
    ended = here(*arguments, "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == code, ended.err
    assert kfp_server.requests == []


def test_every_verb_takes_the_settings_that_it_uses(here, kfp_server) -> None:
    assert here("submit", *RUN, "--experiment", "mine", "--service-account", "robot").code == 0
    added = here("schedule", "add", *RUN, "--cron", "@daily", "--experiment", "mine", "--kfp-time-zone", "UTC")
    assert added.code == 0, added.err
    assert here("schedule", "list", "--to", "kfp", "--namespace", "team-a").code == 0
    assert [item["display_name"] for item in kfp_server.experiments.values()] == ["mine"]


@pytest.mark.parametrize("name", BACKENDS)
def test_where_a_back_end_is_is_a_setting_of_every_verb(name) -> None:
    options = {option.name: option for option in backend_named(name).options}
    assert options[{"local": "home", "argo": "kubeconfig"}.get(name, "endpoint")].used_by == "connect"
    assert all(option.used_by == "connect" for option in options.values() if option.secret)


@pytest.mark.parametrize("settings", [{"endpoint": None}, {"namespace": 3}, {"endpoint": " "}, {"token": b"s3cret"}])
def test_from_python_a_setting_is_text(kfp_server, graph, settings) -> None:
    with pytest.raises(UsageError) as caught:
        submit(graph, {"rows": 1}, to="kfp", **settings)
    assert caught.value.code == "E933" and next(iter(settings)) in caught.value.message
    assert "s3cret" not in str(caught.value) and kfp_server.requests == []


def test_from_python_a_setting_of_schedules_is_not_taken_for_a_run(kfp_server, graph) -> None:
    with pytest.raises(UsageError) as caught:
        submit(graph, {"rows": 1}, to="kfp", endpoint=kfp_server.address, kfp_time_zone="Mars/Phobos")
    assert caught.value.code == "E931" and kfp_server.requests == []


def test_findings_stand_in_the_document_of_what_was_sent(here, kfp_server) -> None:
    macro = ("--set", "text=[[RunUUID]]")
    sent = here("submit", *RUN, *macro, "--json")
    assert sent.code == 0 and [item["code"] for item in sent.json["findings"]] == ["E312"]
    assert "E312" in sent.err and sent.json["run_id"] in kfp_server.runs
    waited = here("submit", *RUN, *macro, "--wait", "--json")
    assert waited.json["state"] == "SUCCEEDED" and [item["code"] for item in waited.json["findings"]] == ["E312"]
    added = here("schedule", "add", *RUN, *macro, "--cron", "@daily", "--json")
    assert added.json["id"] in kfp_server.recurring and [item["code"] for item in added.json["findings"]] == ["E312"]
    assert here("submit", *RUN, "--json").json["findings"] == []


def test_from_python_the_findings_are_those_of_the_arguments_too(kfp_server, graph) -> None:
    submission = submit(graph, {"rows": 1, "text": "[[CurrentTime]]"}, to="kfp", endpoint=kfp_server.address)
    assert [finding.code for finding in submission.findings] == ["E312"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_wait_that_fails_says_which_run_it_was(here, kfp_server, status) -> None:
    kfp_server.fail("/runs/", times=99, answer=Answer(status, {"message": "no"}))
    ended = here("submit", *RUN, "--wait", "--json")
    (run_id,) = kfp_server.runs
    assert ended.code == 3 and ended.json["error"]["code"] in ("E802", "E812")
    assert ended.json["run_id"] == run_id and ended.json["url"].endswith(run_id)


def test_a_wait_that_is_over_says_which_run_it_was(here, kfp_server) -> None:
    kfp_server.scenes = [{"state": "RUNNING"}]
    ended = here("submit", *RUN, "--wait", "--timeout-s", "0", "--json")
    (run_id,) = kfp_server.runs
    assert ended.code == 3 and ended.json["error"]["code"] == "E810" and ended.json["run_id"] == run_id
