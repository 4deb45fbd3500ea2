"""A graph is loss-free over KFP's documents, has a stable digest, and refuses what is no pipeline."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from milonga.compiler.documents import dump_graph, load_graph, parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.trace import trace
from milonga.errors import InvalidPipeline

HERE = Path(__file__).parent
OWN = sorted((HERE / "files").glob("*.yaml"))
CORPUS = Path(os.environ.get("MILONGA_CONFORMANCE") or HERE.parents[3] / "shared" / "conformance")
VALID = sorted([*CORPUS.glob("kfp-ir/valid/**/*.yaml"), *CORPUS.glob("kfp-ir/kubernetes-platform/**/*.yaml")])
INVALID = sorted(CORPUS.glob("kfp-ir/invalid/**/*.yaml"))

needs_corpus = pytest.mark.skipif(
    not VALID, reason="the shared KFP corpus is not here; MILONGA_CONFORMANCE names its folder"
)

SMALL = {
    "pipelineInfo": {"name": "small"},
    "root": {"dag": {"tasks": {"a": {"componentRef": {"name": "comp-a"}}}}},
    "components": {"comp-a": {"executorLabel": "exec-a"}},
    "deploymentSpec": {"executors": {"exec-a": {"container": {"image": "python:3.11-slim"}}}},
    "schemaVersion": "2.1.0",
}


def canonical(documents: tuple) -> str:
    return json.dumps(documents, sort_keys=True)


def assert_loss_free(path: Path) -> None:
    documents = parse_documents(path.read_text("utf-8"))
    graph = Graph.from_documents(documents)
    assert canonical(graph.to_documents()) == canonical(documents)
    again = parse_documents(dump_graph(graph))
    assert canonical(again) == canonical(documents)
    assert Graph.from_documents(again) == graph
    assert Graph.from_documents(again).digest() == graph.digest()


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_a_file_is_dumped_as_it_was_loaded(path):
    assert_loss_free(path)


def test_our_own_files_hold_every_construct_of_the_language():
    text = "\n".join(path.read_text("utf-8") for path in OWN)
    for key in (
        "parameterIterator", "artifactIterator", "iteratorPolicy", "triggerPolicy", "valueFromOneof",
        "artifactSelectors", "taskFinalStatus", "retryPolicy", "cachingOptions", "parameterExpressionSelector",
        "importer", "resources", "accelerator", "platforms", "secretAsEnv", "constant: null", "defaultValue: null",
        "literals", "isArtifactList", "cacheKey", "env", "lifecycle", "resolver", "customJob",
    ):  # fmt: skip
        assert key in text, key


@needs_corpus
@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_file_of_kfp_is_dumped_as_it_was_loaded(path):
    assert_loss_free(path)


@needs_corpus
@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_file_that_kfp_refuses_is_refused_with_its_name(path):
    from milonga.compiler.rules import check

    try:
        graph = load_graph(path)
    except InvalidPipeline as error:
        assert error.code.startswith("E2")
        assert str(path) in error.where
    else:
        assert [finding for finding in check(graph) if finding.severity == "error"]


@needs_corpus
def test_the_rules_find_no_error_in_what_kfp_accepts():
    from milonga.compiler.rules import check

    found = {path.stem: check(load_graph(path)) for path in VALID}
    assert {
        name: errors for name, all_ in found.items() if (errors := [e for e in all_ if e.severity == "error"])
    } == {}


def test_the_digest_is_of_the_content_and_not_of_the_order():
    reordered = {key: SMALL[key] for key in reversed(SMALL)}
    assert Graph.from_documents((SMALL,)).digest() == Graph.from_documents((reordered,)).digest()


def test_the_digest_changes_with_the_content():
    changed = {**SMALL, "pipelineInfo": {"name": "other"}}
    assert Graph.from_documents((SMALL,)).digest() != Graph.from_documents((changed,)).digest()


def test_places_of_the_author_are_no_content(author):
    text = "import milonga as ml\n{}@ml.component\ndef step() -> int:\n    return 1\n"
    first, second = author(text.format("")), author(text.format("\n\n\n"))
    one, other = trace(first.step).graph, trace(second.step).graph
    assert one.places != other.places
    assert one == other
    assert one.digest() == other.digest()


def test_an_empty_file_is_no_pipeline(tmp_path):
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing\n")
    with pytest.raises(InvalidPipeline) as raised:
        load_graph(path)
    assert (raised.value.code, raised.value.where) == ("E204", str(path))


def test_no_documents_are_no_pipeline():
    with pytest.raises(InvalidPipeline) as raised:
        Graph.from_documents(())
    assert raised.value.code == "E204"


@pytest.mark.parametrize(
    "rest", [(SMALL,), ({"platforms": {}}, {"platforms": {}}), ({"platforms": {}, "a": 1},), ([],)]
)
def test_a_second_document_holds_platforms_and_nothing_else(rest):
    with pytest.raises(InvalidPipeline) as raised:
        Graph.from_documents((SMALL, *rest))
    assert raised.value.code == "E205"


@pytest.mark.parametrize("platforms", [[], "kubernetes", None])
def test_platforms_are_a_mapping(platforms):
    with pytest.raises(InvalidPipeline) as raised:
        Graph.from_documents((SMALL, {"platforms": platforms}))
    assert raised.value.code in ("E201", "E205")


def test_empty_platforms_are_kept():
    documents = (SMALL, {"platforms": {}})
    assert canonical(Graph.from_documents(documents).to_documents()) == canonical(documents)


@pytest.mark.parametrize("version", ["1.0", "3.0.0", ""])
def test_another_schema_version_is_refused(version):
    with pytest.raises(InvalidPipeline) as raised:
        Graph.from_documents(({**SMALL, "schemaVersion": version},))
    assert (raised.value.code, raised.value.got) == ("E206", version)


def test_an_unknown_key_deep_in_a_file_names_file_path_and_nearest_key(tmp_path):
    document = json.loads(json.dumps(SMALL))
    document["root"]["dag"]["tasks"]["a"]["retryPolicyy"] = {}
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidPipeline) as raised:
        load_graph(path)
    assert raised.value.code == "E202"
    assert raised.value.where == f"{path}: root.dag.tasks.a"
    assert raised.value.hint == "did you mean 'retryPolicy'?"


def test_dags_are_the_root_and_every_component_with_tasks():
    inner = {"dag": {"tasks": {"b": {"componentRef": {"name": "comp-a"}}}}}
    graph = Graph.from_documents(({**SMALL, "components": {**SMALL["components"], "comp-b": inner}},))
    assert [name for name, _ in graph.dags()] == ["root", "comp-b"]


def test_a_component_that_does_not_exist_is_refused_when_it_is_asked_for():
    graph = Graph.from_documents(({**SMALL, "components": {}},))
    with pytest.raises(InvalidPipeline) as raised:
        graph.component_of(graph.root.dag.tasks["a"])
    assert raised.value.code == "E210"


def test_two_processes_with_other_hash_seeds_write_the_same_bytes(tmp_path):
    program = (
        "import sys; from pathlib import Path; from milonga.compiler.documents import dump_graph, load_graph\n"
        "for path in sys.argv[1:]: print(load_graph(Path(path)).digest()); print(dump_graph(load_graph(Path(path))))"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", program, *map(str, OWN)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert texts[0] == texts[1]
