import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from reporting_page_parts import PageParts
from reporting_sample import graph_of, retrain_run, step, task

from milonga.errors import StoreError
from milonga.lineage.records import ArtifactRecord, RunRecord, TaskRecord
from milonga.reporting import write_report

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'{}`\ud800\x00\u202e]]>--><!-- {{7*7}}"


def page_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def small_run(folder: Path, **changes) -> tuple[RunRecord, list[TaskRecord]]:
    folder.mkdir(parents=True, exist_ok=True)
    run = RunRecord("run-1", "small", "d" * 64, "SUCCEEDED", 0.0, 1.0)
    return replace(run, **changes), [TaskRecord("run-1", "a", "SUCCEEDED", started_at=0.0, ended_at=1.0)]


SMALL = graph_of({"comp-a": step({}, {})}, {"a": task("comp-a")})


@pytest.mark.parametrize("fails", [False, True])
def test_the_page_is_valid_and_complete(tmp_path, fails):
    run, tasks, graph, folder = retrain_run(tmp_path, fails=fails)
    parts = PageParts(page_of(write_report(run, tasks, graph, folder)))
    assert len(parts.ids) == len(set(parts.ids))
    assert {"results", "graph", "tasks", "findings", "lineage"} <= set(parts.ids)
    targets = {link["href"][1:] for link in parts.all("a") if link["href"].startswith("#")}
    assert targets <= set(parts.ids)
    for record in tasks:
        assert record.path.rsplit("/", 1)[-1] in parts.text


def test_the_page_needs_no_network(tmp_path):
    page = page_of(write_report(*retrain_run(tmp_path)))
    parts = PageParts(page)
    for tag, attributes in parts.elements:
        assert tag not in ("link", "base", "object", "embed", "form")
        for name in ("src", "href", "action", "background", "poster", "data"):
            assert re.match(r"#|\./", attributes.get(name, "#")), (tag, attributes)
    assert "url(" not in page and "@import" not in page
    assert re.findall(r"https?://[^\s\"'<&]*", page) == ["http://www.w3.org/2000/svg"]
    policy = next(
        item["content"] for item in parts.all("meta") if "content" in item and "default-src" in item["content"]
    )
    assert policy.startswith("default-src 'none'") and "script-src 'sha256-" in policy


def test_only_the_packaged_script_may_run(tmp_path):
    import base64
    import hashlib

    parts = PageParts(page_of(write_report(*retrain_run(tmp_path))))
    assert len(parts.scripts) == 1
    digest = base64.b64encode(hashlib.sha256(parts.scripts[0].encode()).digest()).decode()
    assert any(digest in item.get("content", "") for item in parts.all("meta"))
    assert not [name for _, attributes in parts.elements for name in attributes if name.startswith("on")]


def test_the_same_run_gives_the_same_bytes(tmp_path):
    values = retrain_run(tmp_path)
    first = write_report(*values).read_bytes()
    assert write_report(*values).read_bytes() == first
    run, tasks, graph, folder = values
    assert write_report(run, list(reversed(tasks)), graph, folder).read_bytes() == first


def test_links_lead_to_what_is_there(tmp_path):
    run, tasks, graph, folder = retrain_run(tmp_path)
    for record in tasks:
        if record.log:
            (folder / record.log).parent.mkdir(parents=True)
            (folder / record.log).write_text("said")
    parts = PageParts(page_of(write_report(run, tasks, graph, folder)))
    links = [link["href"] for link in parts.all("a") if link["href"].startswith("./")]
    assert len(links) > 20
    from urllib.parse import unquote

    assert all((folder / unquote(link)).exists() for link in links)


def test_a_failure_is_said_at_the_top_with_code_hint_and_the_way_on(tmp_path):
    parts = PageParts(page_of(write_report(*retrain_run(tmp_path, fails=True))))
    head = parts.text.split("Results")[0]
    for words in ("failed", "E610", "no artefact keeps", "raise latency_p95_ms", "compile-model"):
        assert words in head
    assert "milonga run pipelines/retrain/pipeline.py:retrain --resume 20251009-085320-a1b2c3" in parts.text
    assert "Traceback" in parts.text and "not produced" in parts.text


def test_a_success_offers_no_resume(tmp_path):
    assert "--resume" not in page_of(write_report(*retrain_run(tmp_path)))


def test_headline_numbers_come_from_outputs_and_metrics(tmp_path):
    page = page_of(write_report(*retrain_run(tmp_path)))
    tiles = re.findall(r'<div class="tile"><dt>([^<]*)</dt><dd[^>]*>([^<]*)', page)
    assert ("accuracy", "0.9659") in tiles and ("log_loss", "0.1187") in tiles


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("SUCCEEDED", "succeeded"),
        ("FAILED", "failed"),
        ("RUNNING", "running"),
        ("PENDING", "pending"),
        ("SKIPPED", "skipped"),
        ("NOT_RUN", "not run"),
        ("CANCELLED", "cancelled"),
        ("OF-A-LATER-VERSION", "pending"),
    ],
)
def test_every_state_is_a_word_not_only_a_colour(tmp_path, state, word):
    run, tasks = small_run(tmp_path / "runs" / "1", state=state)
    page = page_of(write_report(run, [replace(tasks[0], state=state)], SMALL, tmp_path / "runs" / "1"))
    badges = re.findall(r'<span class="badge s-[a-z-]+"><svg.*?</svg>([^<]*)</span>', page)
    assert badges.count(word) == 3 and f"1 {word}" in badges  # head, table and lineage; count


def test_hostile_text_stays_text_wherever_it_stands(tmp_path):
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    record = ArtifactRecord(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, {HOSTILE: HOSTILE, "milonga_type": HOSTILE})
    metrics = ArtifactRecord(HOSTILE, "system.Metrics", HOSTILE, HOSTILE, 1, {HOSTILE: HOSTILE, "n": 1})
    values, artifacts = {HOSTILE: HOSTILE, "x": [HOSTILE]}, {HOSTILE: record, "list": (record, (record,)), "m": metrics}
    error = {
        "code": HOSTILE,
        "message": HOSTILE,
        "hint": HOSTILE,
        "task": HOSTILE,
        "traceback": HOSTILE,
        "where": HOSTILE,
    }
    step_record = TaskRecord(
        HOSTILE,
        HOSTILE,
        "FAILED",
        component=HOSTILE,
        key=HOSTILE,
        started_at=0.0,
        ended_at=1.0,
        inputs=values,
        outputs=values,
        input_artifacts=artifacts,
        output_artifacts=artifacts,
        log=HOSTILE,
        error=error,
    )
    run = RunRecord(HOSTILE, HOSTILE, HOSTILE, "FAILED", 0.0, 1.0, values, values, artifacts, HOSTILE, error)
    graph = graph_of({HOSTILE: step({HOSTILE: "Model"}, {HOSTILE: "int"})}, {HOSTILE: task(HOSTILE)})
    plain = PageParts(page_of(write_report(*retrain_run(tmp_path / "other"))))
    parts = PageParts(page_of(write_report(run, [step_record, replace(step_record, path="b")], graph, folder)))
    assert len(parts.scripts) == 1
    assert {tag for tag, _ in parts.elements} - {tag for tag, _ in plain.elements} <= {"pre"}
    assert not parts.all("img")
    assert "<script>alert(1)" in parts.text  # as text, where somebody can read it
    for character in "\x00\u202e\ud800":
        assert character not in parts.text


def test_large_values_are_cut_and_their_size_is_said(tmp_path):
    folder = tmp_path / "runs" / "1"
    run, tasks = small_run(folder, outputs={"big": "x" * 1_000_000}, arguments={"big": "é" * 500_000})
    tasks = [replace(tasks[0], inputs={"big": ["y" * 1_000_000]})]
    page = page_of(write_report(run, tasks, SMALL, folder))
    assert len(page) < 100_000
    assert page.count("x" * 2000 + "… (977 KiB in all)") == 1
    assert "é" * 2000 + "… (977 KiB in all)" in page


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**5000, -0.0, 1e300, True, None, "", {}, [[]]],
    ids=["nan", "inf", "huge", "zero", "large", "true", "null", "empty", "object", "list"],
)
def test_odd_values_are_shown(tmp_path, value):
    folder = tmp_path / "runs" / "1"
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    metrics = ArtifactRecord("m", "system.Metrics", "", "", 0, {"v": value, "w": nested})
    run, tasks = small_run(folder, outputs={"v": value}, output_artifacts={"m": metrics})
    tasks = [replace(tasks[0], outputs={"v": value, "w": nested}, output_artifacts={"m": metrics})]
    PageParts(page_of(write_report(run, tasks, SMALL, folder)))


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), -1e30, 1e30, 0.0, 253402300800.0])
def test_odd_times_are_shown(tmp_path, moment):
    folder = tmp_path / "runs" / "1"
    run, tasks = small_run(folder, created_at=moment, ended_at=moment)
    tasks = [replace(tasks[0], started_at=moment), replace(tasks[0], path="b", ended_at=moment)]
    PageParts(page_of(write_report(run, tasks, SMALL, folder)))


def test_a_run_without_tasks_has_a_page(tmp_path):
    folder = tmp_path / "runs" / "1"
    run, _ = small_run(folder, state="RUNNING", ended_at=None)
    parts = PageParts(page_of(write_report(run, [], SMALL, folder)))
    assert "No task has started." in parts.text and "not ended" in parts.text


def test_two_thousand_tasks_are_quick_and_no_failure_is_lost(tmp_path):
    folder = tmp_path / "runs" / "1"
    run, _ = small_run(folder, state="FAILED")
    components = {"comp-a": step({}, {"y": "int"})}
    names = [f"t{index}" for index in range(2000)]
    tasks = [
        TaskRecord("run-1", name, "FAILED" if index == 1990 else "SUCCEEDED", started_at=index, ended_at=index + 0.5)
        for index, name in enumerate(names)
    ]
    parts = PageParts(
        page_of(write_report(run, tasks, graph_of(components, {n: task("comp-a") for n in names}), folder))
    )
    assert len(parts.all("tbody")) <= 502
    assert "2000 tasks; the table has 500 of them" in parts.text
    assert any(item.get("data-find", "").startswith("t1990 failed") for item in parts.all("tbody"))


def test_groups_stand_before_what_is_in_them_and_iterations_in_order(tmp_path):
    run, tasks, graph, folder = retrain_run(tmp_path)
    page = page_of(write_report(run, list(reversed(tasks)), graph, folder))
    found = [html.unescape(item).rsplit(" ", 1)[0] for item in re.findall(r'data-find="([^"]*)"', page)]
    loop = found.index("for-loop-1")
    assert found[loop + 1 : loop + 7 : 2] == [f"for-loop-1[{index}]/train" for index in range(3)]
    assert found.index("condition-2") + 1 == found.index("condition-2/deploy")


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "runs" / "1"
    run, tasks = small_run(folder)
    write_report(run, tasks, SMALL, folder)
    assert [item.name for item in folder.iterdir()] == ["report.html"]
    with pytest.raises(StoreError) as caught:
        write_report(run, tasks, SMALL, folder / "missing")
    assert caught.value.code == "E426"


def test_lineage_goes_back_to_the_first_step_with_digests_and_parameters(tmp_path):
    run, tasks, graph, folder = retrain_run(tmp_path)
    page = page_of(write_report(run, tasks, graph, folder))
    section = page[page.index('id="lineage"') :]
    accuracy, model = section.split('<details class="chain"')[1:3]
    steps = re.findall(r'<a href="#task-\d+"><code>([^<]*)</code></a>', model)
    assert steps == ["ingest", "probe-device", "measure-levels", "for-loop-1/train", "pick-best", "compile-model"]
    assert re.findall(r'<a href="#task-\d+"><code>([^<]*)</code></a>', accuracy)[-1] == "evaluate"
    assert run.output_artifacts["model"].digest in model and "3 succeeded" in model
    assert "learning" not in model and re.search(r"epochs<b>10</b>", model)


def test_values_are_json_where_they_are_no_text(tmp_path):
    folder = tmp_path / "runs" / "1"
    run, tasks = small_run(folder, outputs={"v": {"a": [1, None]}})
    assert html.escape(json.dumps({"a": [1, None]})) in page_of(write_report(run, tasks, SMALL, folder))
