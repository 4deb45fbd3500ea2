"""`compile`: what it refuses, before and after a rewrite, and how it writes its file."""

import threading
from pathlib import Path

import pytest

from milonga.compiler.api import compile, write_text
from milonga.compiler.graph import Component, Graph
from milonga.compiler.targets import TARGETS
from milonga.compiler.targets.kfp import KfpTarget
from milonga.errors import InvalidPipeline

DOCUMENT = {
    "pipelineInfo": {"name": "small"},
    "schemaVersion": "2.1.0",
    "root": {"dag": {"tasks": {"work": {"componentRef": {"name": "comp-work"}}}}},
    "components": {"comp-work": {"executorLabel": "exec"}},
    "deploymentSpec": {"executors": {"exec": {"container": {"image": f"python@sha256:{'0' * 64}"}}}},
}


class CarelessTarget(KfpTarget):
    """A target with a rewrite that forgets the component of a task."""

    def lower(self, graph: Graph) -> Graph:
        return graph.replace(components={"comp-wrok": Component(executor_label="exec")})


def test_a_rewrite_that_breaks_a_pipeline_is_found_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(TARGETS, "careless", CarelessTarget)
    graph, output = Graph.from_documents((DOCUMENT,)), tmp_path / "out.yaml"
    assert compile(graph, target="careless", output=output, lower=False) == output.read_text("utf-8")
    output.unlink()
    with pytest.raises(InvalidPipeline) as caught:
        compile(graph, target="careless", output=output, lower=True)
    assert (caught.value.code, caught.value.where) == ("E225", "root/work")
    assert "rewritten for 'careless'" in caught.value.message
    assert "E210" in caught.value.got and "did you mean 'comp-wrok'?" in caught.value.got
    assert list(tmp_path.iterdir()) == []


def test_two_who_write_one_file_leave_the_whole_text_of_one(tmp_path):
    path, texts = tmp_path / "out.yaml", [letter * 300_000 for letter in "ab"]
    errors: list[OSError] = []

    def write(text: str) -> None:
        try:
            for _ in range(40):
                write_text(path, text)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts * 2]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_text("utf-8") in texts
    assert errors == []
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "what was there"])
def test_a_text_that_cannot_be_written_changes_nothing(before: str | None, tmp_path: Path):
    path = tmp_path / "out.yaml"
    if before is not None:
        path.write_text(before, encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "x" * 100_000 + "\ud800")
    assert (path.read_text("utf-8") if path.exists() else None) == before
    assert list(tmp_path.iterdir()) == ([path] if before else [])


def test_a_file_name_as_long_as_file_systems_take_can_be_written(tmp_path):
    path = tmp_path / "folder" / ("n" * 255)
    write_text(path, "text")
    assert path.read_text("utf-8") == "text"
