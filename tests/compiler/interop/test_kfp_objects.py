"""kfp's objects as sources: the same graph as kfp's own compiler writes, found without importing kfp."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import milonga
from milonga.compiler.documents import load_graph, parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.interop import read_source
from milonga.compiler.interop.kfp_objects import in_order, is_kfp_component, refusal_of
from milonga.engine.progress import Silent
from milonga.errors import AuthoringError, UsageError

NAMES = (
    "clean_up", "double", "environment", "grade", "guarded", "imported", "join", "learn", "nested", "on_a_cluster",
    "placed", "say", "shell", "spell", "train", "write",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_object_is_the_graph_that_kfp_would_write(project, kfp_itself, name: str) -> None:
    source = read_source(getattr(project, name))
    assert source.graph == load_graph(kfp_itself.file(name))
    assert list(source.graph.components) == sorted(source.graph.components)


def test_the_project_has_nothing_that_is_not_compared(project) -> None:
    assert NAMES == project.ALL


@pytest.mark.parametrize("name", ["grade", "nested", "on_a_cluster", "shell"])
def test_what_is_compiled_for_kfp_is_what_kfp_compiles(project, kfp_itself, name: str) -> None:
    text = milonga.compile(getattr(project, name), lower=False)
    assert Graph.from_documents(parse_documents(text)) == load_graph(kfp_itself.file(name))


def test_settings_of_the_platform_and_of_the_run_survive(project) -> None:
    graph = read_source(project.on_a_cluster).graph
    kubernetes = graph.platforms["kubernetes"]
    assert kubernetes.pipeline_config == {"resourceTtlOnCompletion": 600}
    assert kubernetes.deployment_spec.executors["exec-environment"]["nodeSelector"] == {"labels": {"disk": "ssd"}}
    assert graph.specification.default_pipeline_root == "s3://bucket/root"


def test_inputs_come_in_their_authors_order(project) -> None:
    signature = read_source(project.write).signature
    assert [item.name for item in signature.inputs] == ["line", "copies"]
    assert [item.required for item in signature.inputs] == [True, False]


def test_a_finding_about_a_pipeline_of_kfp_names_its_file(project) -> None:
    place = read_source(project.nested).graph.places["root/"]
    assert place.file == project.__file__ and place.line > 1


def test_an_object_is_recognised_without_importing_kfp() -> None:
    program = (
        "import sys, milonga.compiler.interop as interop\n"
        "from milonga.compiler.interop.kfp_objects import is_kfp_component\n"
        "assert not is_kfp_component(1) and 'kfp' not in sys.modules and 'google.protobuf' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("value", [None, 1, "text", object(), len, AuthoringError])
def test_nothing_else_is_taken_for_an_object_of_kfp(project, value: object) -> None:
    assert not is_kfp_component(value)


def test_keys_of_nested_objects_are_sorted() -> None:
    found = in_order({"b": [{"d": 1, "c": 2}], "a": None})
    assert repr(found) == "{'a': None, 'b': [{'c': 2, 'd': 1}]}"


def test_an_error_without_kfp_in_its_way_is_no_refusal() -> None:
    try:
        raise ValueError("mine")
    except ValueError as error:
        assert refusal_of(error) is None


@pytest.mark.parametrize("target", [None, 3, [], object()])
def test_what_is_no_pipeline_is_named(target: object) -> None:
    with pytest.raises(UsageError) as caught:
        read_source(target)
    assert caught.value.code == "E908" and type(target).__name__ in caught.value.got


@pytest.mark.parametrize("name", ["", "\0", "nothing.yaml", "x" * 5000, "a:b", "nothing.py:p", "/"])
def test_a_name_of_nothing_is_named(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_source(name)
    assert caught.value.code == "E908"


def test_a_path_runs_from_python(tmp_path: Path, project) -> None:
    result = milonga.run(
        f"{project.__file__}:grade", {"points": 9}, home=tmp_path / "home", progress=Silent()
    ).raise_for_state()
    assert result.outputs == {"Output": "high"}
