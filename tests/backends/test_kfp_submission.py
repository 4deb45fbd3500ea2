"""Runs on KFP: what is sent, what is made, and what is never made twice."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from kfp_server import KfpServer
from recording_server import Answer
from remote_samples import IMPATIENT

from milonga.backends.kfp.backend import KfpBackend
from milonga.backends.kfp.uploads import version_name
from milonga.backends.patience import Patience
from milonga.backends.preparation import checked_request
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.targets import target_named
from milonga.errors import RemoteError, UsageError

REQUEST = SubmitRequest({"rows": 3, "rate": 1.5, "text": 'it\'s {{$}} "quoted"', "table": {"a": [1, None]}})


def test_a_run_refers_to_a_version_that_is_named_by_its_content(kfp, kfp_server: KfpServer, graph) -> None:
    submitted = kfp().submit(graph, REQUEST)
    run = kfp_server.runs[submitted.run_id]
    version = kfp_server.versions[run["pipeline_version_reference"]["pipeline_version_id"]]
    text = target_named("kfp").emit(graph)
    assert kfp_server.texts[version["pipeline_version_id"]] == text
    assert version["name"] == version_name(text)
    assert run["runtime_config"]["parameters"] == REQUEST.parameters
    assert type(run["runtime_config"]["parameters"]["rows"]) is int
    assert [item["display_name"] for item in kfp_server.pipelines.values()] == ["Add up"]
    assert submitted.url == f"{kfp_server.address}/#/runs/details/{submitted.run_id}"
    assert re.fullmatch(r"add-up \d{4}-\d\d-\d\d \d\d-\d\d-\d\d", submitted.name)


def test_the_same_pipeline_again_is_the_same_version(kfp, kfp_server, graph) -> None:
    kfp().submit(graph, REQUEST)
    kfp().submit(graph, REQUEST)
    assert len(kfp_server.runs) == 2 and len(kfp_server.versions) == 1 and len(kfp_server.pipelines) == 1
    assert len(kfp_server.asked("POST", "upload_version")) == 1
    assert len(kfp_server.experiments) == 1


def test_without_cache_is_a_version_of_its_own_in_which_no_task_at_any_level_uses_the_cache(
    kfp, kfp_server, graph
) -> None:
    kfp().submit(graph, REQUEST)
    kfp().submit(graph, SubmitRequest({"rows": 3}, use_cache=False))
    texts = [yaml.safe_load(text) for text in kfp_server.texts.values()]
    options = [
        [document["root"]["dag"]["tasks"]["add"], document["components"]["comp-group"]["dag"]["tasks"]["inner"]]
        for document in texts
    ]
    assert [[task["cachingOptions"] for task in tasks] for tasks in options] == [
        [{"enableCache": True}, {"enableCache": True}],
        [{"enableCache": False}, {"enableCache": False}],
    ]


def test_settings_reach_the_run(kfp, kfp_server, graph) -> None:
    backend = kfp(experiment="nightly 'x'", service_account="robot", pipeline_root="s3://bucket/x", namespace="team-a")
    kfp_server.multi_user = True
    run = kfp_server.runs[backend.submit(graph, SubmitRequest({"rows": 1}, name="by hand")).run_id]
    experiment = kfp_server.experiments[run["experiment_id"]]
    assert (experiment["display_name"], experiment["namespace"]) == ("nightly 'x'", "team-a")
    assert run["display_name"] == "by hand" and run["service_account"] == "robot"
    assert run["runtime_config"]["pipeline_root"] == "s3://bucket/x"
    assert next(iter(kfp_server.pipelines.values()))["namespace"] == "team-a"


def test_settings_come_from_the_environment(kfp_server, graph, monkeypatch) -> None:
    kfp_server.token = "s3cret"
    monkeypatch.setenv("MILONGA_KFP_ENDPOINT", kfp_server.address + "/")
    monkeypatch.setenv("MILONGA_KFP_TOKEN", "s3cret\n")
    monkeypatch.setenv("MILONGA_KFP_EXPERIMENT", "from outside")
    KfpBackend.configured({}, Patience()).submit(graph, SubmitRequest({"rows": 1}))
    assert [item["display_name"] for item in kfp_server.experiments.values()] == ["from outside"]


def test_cookies_are_sent(kfp, kfp_server, graph) -> None:
    kfp_server.cookie = "authservice_session=abc"
    kfp(cookies="authservice_session=abc").submit(graph, SubmitRequest({"rows": 1}))
    assert len(kfp_server.runs) == 1


def test_nothing_is_printed_and_nothing_is_written_to_the_home(kfp, kfp_server, graph, capfd, tmp_path) -> None:
    kfp_server.multi_user = True
    kfp(namespace="team-a").submit(graph, SubmitRequest({"rows": 1}))
    assert capfd.readouterr() == ("", "")
    assert list(Path.home().rglob("*")) == []


@pytest.mark.parametrize("kind", ["lose", "slow"])
def test_a_run_whose_answer_is_lost_is_found_and_not_made_again(kfp, kfp_server, graph, kind) -> None:
    kfp_server.fail(r"/runs$", kind, method="POST", seconds=0.6)
    patience = replace(IMPATIENT, answer_timeout_s=0.3, attempts=6, first_pause_s=0.1, longest_pause_s=0.2)
    submitted = kfp(patience).submit(graph, REQUEST)
    assert list(kfp_server.runs) == [submitted.run_id]
    assert len(kfp_server.asked("POST", r"/runs$")) == 1


def test_a_run_that_a_failing_server_may_have_made_is_not_asked_for_again(kfp, kfp_server, graph) -> None:
    kfp_server.fail(r"/runs$", "answer", method="POST")
    with pytest.raises(RemoteError) as caught:
        kfp().submit(graph, REQUEST)
    assert caught.value.code == "E809" and "try again" in caught.value.got and caught.value.hint
    assert len(kfp_server.asked("POST", r"/runs$")) == 1 and kfp_server.runs == {}


def test_a_run_that_was_refused_for_now_is_asked_for_again(kfp, kfp_server, graph) -> None:
    kfp_server.fail(r"/runs$", "answer", method="POST", times=2, answer=Answer(429, {}, {"Retry-After": "1"}))
    kfp().submit(graph, REQUEST)
    assert len(kfp_server.runs) == 1


@pytest.mark.parametrize("pattern", ["healthz", "/experiments", "/pipelines", "/versions", "upload_version"])
@pytest.mark.parametrize("kind", ["answer", "drop", "lose"])
def test_a_server_that_fails_twice_still_gets_everything_once(kfp, kfp_server, graph, pattern, kind) -> None:
    kfp_server.fail(pattern, kind, times=2)
    kfp().submit(graph, REQUEST)
    made = (kfp_server.pipelines, kfp_server.versions, kfp_server.experiments, kfp_server.runs)
    assert [len(items) for items in made] == [1, 1, 1, 1]


def test_a_server_that_keeps_failing_is_given_up(kfp, kfp_server, graph) -> None:
    kfp_server.fail("healthz", "answer", times=99)
    with pytest.raises(RemoteError) as caught:
        kfp().submit(graph, REQUEST)
    assert caught.value.code == "E805" and len(kfp_server.asked("GET", "healthz")) == 3


def test_arguments_are_not_checked_by_the_server_alone(kfp, graph) -> None:
    for arguments, code in (({}, "E903"), ({"rows": "x"}, "E904"), ({"rows": 1, "rwos": 2}, "E902")):
        with pytest.raises(UsageError) as caught:
            checked_request(graph, None, arguments)
        assert caught.value.code == code
    assert checked_request(graph, None, {"rows": 1, "rate": 2}).parameters == {"rows": 1, "rate": 2.0}


@pytest.mark.parametrize(("setting", "longest"), [("experiment", 128), ("namespace", 63)])
def test_a_name_that_the_server_would_refuse_is_refused_here(kfp, kfp_server, graph, setting, longest) -> None:
    kfp(**{setting: "ü" * (longest // 2)}).submit(graph, REQUEST)
    kfp_server.requests.clear()
    with pytest.raises(UsageError) as caught:
        kfp(**{setting: "ü" * (longest // 2 + 1)})
    assert caught.value.code == "E933" and f"{longest} bytes" in caught.value.expected
    assert kfp_server.requests == []


@pytest.mark.parametrize("name", ["Add Up!", "-add", "add-", "a.b", "a" * 129, "", "a\n"])
def test_a_pipeline_s_name_that_the_server_would_refuse_is_refused_here(kfp, kfp_server, graph, name) -> None:
    info = replace(graph.specification.pipeline_info, name=name)
    with pytest.raises(UsageError) as caught:
        kfp().submit(graph.replace(pipeline_info=info), REQUEST)
    assert caught.value.code == "E935" and kfp_server.requests == []


def test_what_kfp_cannot_take_is_said_before_anything_is_sent(kfp, kfp_server, graph) -> None:
    info = replace(graph.specification.pipeline_info, name="Add Up!")
    for wrong, request in (
        (graph.replace(pipeline_info=info), REQUEST),
        (graph, SubmitRequest(artifacts={"data": "s3://x"})),
        (graph, SubmitRequest(labels={"a": "b"})),
    ):
        with pytest.raises(UsageError) as caught:
            kfp().submit(wrong, request)
        assert caught.value.code in ("E933", "E935", "E936")
    assert kfp_server.requests == []


def test_without_a_server_the_endpoint_is_asked_for(graph, capfd, monkeypatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", "/absent")
    with pytest.raises(UsageError) as caught:
        KfpBackend.configured({}, IMPATIENT).submit(graph, REQUEST)
    assert caught.value.code == "E932" and "--endpoint or MILONGA_KFP_ENDPOINT" in caught.value.expected
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ['it\'s "a" {{$}} {0}', "läuft \U0001f680", "x" * 128, "a\nb\tc"])
def test_any_name_is_only_a_name(kfp, kfp_server, graph, name) -> None:
    backend = kfp(experiment=name)
    kfp_server.fail(r"/runs$", "lose", method="POST")
    submitted = backend.submit(graph, SubmitRequest({"rows": 1, "text": name}, name=name))
    run = kfp_server.runs[submitted.run_id]
    assert run["display_name"] == name and run["runtime_config"]["parameters"]["text"] == name
    assert backend.status(submitted.run_id).succeeded and len(kfp_server.runs) == 1


def test_an_id_can_ask_for_nothing_but_a_run(kfp, kfp_server) -> None:
    for id in ("", "..", "a/b", "a?b", "x:terminate", "a b"):
        with pytest.raises(UsageError) as caught:
            kfp().status(id)
        assert caught.value.code == "E939"
    assert kfp_server.requests == []


def test_a_credential_that_no_header_can_hold_is_refused_without_being_shown(kfp) -> None:
    for setting in ("token", "cookies"):
        with pytest.raises(UsageError) as caught:
            kfp(**{setting: "s3cret\r\nX-Other: 1"})
        assert caught.value.code == "E933" and "s3cret" not in str(caught.value)
