"""Tasks that shared a pod are tasks of the run: what the pod has noted stands beside the nodes of the Workflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from paper_argo import PaperArgo

import milonga as ml
from milonga import component, pipeline
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.logs.run_log import _lines
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.task_tree import TaskTree
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.compiler.graph.together import with_marks
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace
from milonga.runtime.argo.layout import run_prefix


@component
def say(text: str) -> str:
    return text


@component
def fail_if(text: str, bad: str) -> str:
    print(f"looks at {text}")
    if text == bad:
        raise RuntimeError("bad")
    return text


@pipeline
def shared(bad: str = "b") -> None:
    first = say.options(name="first")("x")
    with ml.ParallelFor(["a", "b"]) as item:
        fail_if.options(retries=1, backoff_s=0.01)(item, bad)
    with ml.If(bad == "never"):
        say.options(name="skipped")(first)
    say.options(name="alone")(first)


CONDITION = "condition-3"
MARKS = {"root": {"first": "g", "for-loop-1": "g", CONDITION: "g"}}


class Seen:
    """A run on the Argo on paper, and the Workflow that a real one would have shown."""

    def __init__(self, folder: Path, bad: str) -> None:
        self.argo = PaperArgo(folder, ArgoTarget().emit(with_marks(trace(shared).graph, MARKS)))
        self.run = self.argo.run({"bad": bad})
        self.layout = Layout.from_json(self.argo.layout)
        dag = self.layout.dags["main"]
        self.pod_task = next(name for name, task in dag.items() if task.kind == "together")
        (journal,) = [path for path in self.argo.bucket.rglob("journal*") if path.is_file()]
        assert journal.is_relative_to(self.argo.bucket / run_prefix(self.argo.uid) / dag[self.pod_task].leaf)
        self.rows = tuple(json.loads(journal.read_text())["tasks"])

    def tasks(
        self,
        rows: Any = None,
        *,
        phase: str = "",
        status: Mapping[str, Any] | None = None,
        progress: str | None = None,
    ) -> dict[str, Any]:
        """The tasks of the run by path, in the order in which they are shown."""
        ended = phase or self.run.phase
        nodes = {
            "wf": {"name": "wf", "displayName": "wf", "type": "DAG", "templateName": "main", "phase": ended},
            "wf-1": {
                "name": "wf.g",
                "displayName": self.pod_task,
                "type": "Retry",
                "templateName": "g",
                "boundaryID": "wf",
                "phase": ended,
                "children": ["wf-2"],
                "progress": "99/99",
                "message": "workflow shutdown with strategy: Terminate" if status else "",
            },
            "wf-2": {
                "name": "wf.g(0)",
                "displayName": f"{self.pod_task}(0)",
                "type": "Pod",
                "templateName": "g",
                "boundaryID": "wf",
                "phase": ended,
                "message": "Error (exit code 1)",
                "progress": progress,
                "startedAt": "2026-01-02T03:04:05Z",
                "finishedAt": "2026-01-02T03:04:15Z",
            },
        }
        document = {"metadata": {"name": "wf"}, "status": {"phase": ended, "nodes": nodes}, **(status or {})}
        journals = {"wf-1": self.rows if rows is None else rows} if rows != () else {}
        tree = TaskTree(Workflow.from_json(document), self.layout, journals)
        return {task.path: task for task in tree.tasks()}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(tmp_path_factory.mktemp("failed") / "cluster", "b")


def test_each_task_of_a_pod_has_its_own_place_state_and_attempts(failed: Seen) -> None:
    tasks = failed.tasks()
    shown = {path: (task.kind, task.state, len(task.attempts)) for path, task in tasks.items()}
    assert shown == {
        CONDITION: ("group", "SKIPPED", 0),
        "first": ("step", "SUCCEEDED", 1),
        "for-loop-1": ("group", "FAILED", 0),
        "for-loop-1[0]": ("group", "SUCCEEDED", 0),
        "for-loop-1[0]/fail-if": ("step", "SUCCEEDED", 1),
        "for-loop-1[1]": ("group", "FAILED", 0),
        "for-loop-1[1]/fail-if": ("step", "FAILED", 2),
    }
    assert list(tasks) == sorted(tasks)
    assert tasks["for-loop-1"].iterations == 2
    assert {task.together for task in tasks.values()} == {"g"}
    assert {task.holder for task in tasks.values()} == {"wf-1"}


def test_an_attempt_has_its_cause_exit_code_time_and_what_it_has_used(failed: Seen) -> None:
    task: TaskNode = failed.tasks()["for-loop-1[1]/fail-if"]
    assert task.message == "E410: RuntimeError: bad"
    assert [attempt.exit_code for attempt in task.attempts] == [1, 1]
    assert all(attempt.message == "E410: RuntimeError: bad" for attempt in task.attempts)
    assert all(attempt.cpu_s > 0 and attempt.memory_bytes > 1 << 20 for attempt in task.attempts)
    started = [attempt.started_at for attempt in task.attempts]
    assert started == sorted(started) and task.started_at <= started[0]  # type: ignore[type-var, operator]
    assert task.ended_at is not None and task.ended_at >= started[1]  # type: ignore[operator]


def test_what_never_began_has_no_times(failed: Seen) -> None:
    task = failed.tasks()[CONDITION]
    assert (task.started_at, task.ended_at, task.message) == (None, None, "")


def test_a_pod_without_a_journal_is_shown_in_place_of_its_tasks(failed: Seen) -> None:
    tasks = failed.tasks(())
    assert {path: (task.kind, task.state, task.together, task.holder) for path, task in tasks.items()} == {
        "g": ("step", "FAILED", "g", "")
    }


@pytest.mark.parametrize(
    ("phase", "said", "shown"),
    [("Running", "3/7", "3/7"), ("Running", "0/1", ""), ("Running", None, ""), ("Failed", "3/7", "")],
)
def test_a_pod_at_work_says_how_many_of_its_steps_have_ended(
    phase: str, said: str | None, shown: str, failed: Seen
) -> None:
    assert failed.tasks((), phase=phase, progress=said)["g"].progress == shown


@pytest.mark.parametrize("noted", ["RUNNING", "CANCELLED"])
@pytest.mark.parametrize(
    ("status", "state", "message"),
    [({}, "FAILED", "Error (exit code 1)"), ({"spec": {"shutdown": "Terminate"}}, "CANCELLED", "")],
)
def test_a_task_that_was_at_work_when_the_pod_was_lost_has_ended_with_it(
    status: dict[str, Any], state: str, message: str, noted: str, failed: Seen
) -> None:
    """A pod that is told to stop, as by a node that is drained, notes its tasks as cancelled, whoever has told it."""
    rows = ({"path": "first", "kind": "step", "state": noted, "started_at": 5.0},)
    task = failed.tasks(rows, phase="Failed", status=status)["first"]
    assert (task.state, task.message) == (state, message)


@pytest.mark.parametrize("row", [{"path": "a"}, {"path": "a", "state": "STRANGE", "attempts": None, "kind": 5}])
def test_a_row_of_another_version_is_shown_as_far_as_it_goes(row: dict[str, Any], failed: Seen) -> None:
    assert failed.tasks((row,), phase="Failed")["a"].state == "FAILED"


# Logs --------------------------------------------------------------------------------------------------------------


def test_lines_of_the_pod_are_those_of_its_tasks_and_attempts(failed: Seen) -> None:
    task = failed.tasks()["for-loop-1[1]/fail-if"]
    texts = [text for text in failed.run.log.splitlines() if not text.startswith("E416: ")]
    for number in (1, 2):
        lines = [line.text for line in _lines(task, number, texts)]
        assert lines.count("looks at b") == 1 and "RuntimeError: bad" in lines
    assert [line.text for line in _lines(failed.tasks()["for-loop-1[0]/fail-if"], 1, texts)] == ["looks at a"]
    assert list(_lines(failed.tasks()["first"], 1, texts)) == []


def test_lines_of_a_pod_that_is_shown_itself_name_the_tasks(failed: Seen) -> None:
    pod = failed.tasks(())["g"]
    lines = list(_lines(pod, 1, failed.run.log.splitlines()))
    assert {(line.task, line.attempt) for line in lines if line.text.startswith("looks at")} == {
        ("for-loop-1[0]/fail-if", 1),
        ("for-loop-1[1]/fail-if", 1),
        ("for-loop-1[1]/fail-if", 2),
    }
    assert any(line.task == "g" and line.text.startswith("E416: ") for line in lines), "what the pod itself says"
