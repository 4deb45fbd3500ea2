"""Each construct of the language makes the same when its tasks share pods: all that may, and random ones of them."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import constructs
import pytest
from fused_play import ForkedArgo, Played, assert_same, partly_marked, played

from milonga.compiler.graph import Graph
from milonga.compiler.graph.together import marks_of
from milonga.compiler.passes.fusion import Fuse
from milonga.compiler.trace.tracer import trace

PHASES = {"SUCCEEDED": "Succeeded", "FAILED": "Failed"}
QUICK = ("branches", "a_loop_in_a_loop", "an_exit_task_after_a_failure", "a_failure_that_is_ignored")


def _played(case: constructs.Case, graph: Graph, folder: Path) -> tuple[Played, dict[str, str]]:
    files = folder / "files"
    files.mkdir(parents=True)
    (files / "data.txt").write_text("imported")
    arguments: dict[str, Any] = json.loads(json.dumps(case.arguments).replace("${TMP}", str(files)))
    run = played(graph, folder / "cluster", arguments, kind=ForkedArgo)
    return run, {name: (files / name).read_text() for name in case.files}


def _all_fused(case: constructs.Case, folder: Path) -> None:
    graph = Fuse().run(trace(case.pipeline).graph)
    run, files = _played(case, graph, folder)
    assert run.phase == PHASES[case.state], run.log
    assert constructs.same(run.results, case.outputs), (run.results, run.log)
    assert files == case.files
    assert len(run.pods) == 1 or not marks_of(graph).get("root"), run.pods


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in constructs.CASES if case.name in QUICK])
def test_a_few_constructs_make_the_same_in_one_pod(case: constructs.Case, tmp_path: Path) -> None:
    _all_fused(case, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in constructs.CASES])
def test_every_construct_makes_the_same_in_one_pod(case: constructs.Case, tmp_path: Path) -> None:
    _all_fused(case, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in constructs.CASES])
def test_every_construct_makes_the_same_in_random_groups(case: constructs.Case, tmp_path: Path) -> None:
    graph = trace(case.pipeline).graph
    alone, files = _played(case, graph, tmp_path / "alone")
    for number in range(3):
        seed = zlib.crc32(case.name.encode()) + number
        marked, marks = partly_marked(graph, seed, then_fused=number == 2)
        run, made = _played(case, marked, tmp_path / str(number))
        if case.state == "FAILED":
            assert run.phase == alone.phase
        assert_same(_without_places(alone), _without_places(run), marks)
        assert made == files


def _without_places(run: Played) -> Played:
    """Some constructs hand a path of this machine on; each run has another."""
    text = json.dumps(run.records)
    import re

    text = re.sub(r'"inputs": "[0-9a-f]{64}"', '"inputs": ""', text)
    records = json.loads(re.sub(r"/[^\"]*/(alone|\d)/files", "/files", text))
    return Played(run.phase, run.results, records, run.keys, run.pods, run.log)
