"""Component files of the first generation: the graph that kfp makes of them, made without kfp."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.interop import read_source
from milonga.compiler.interop.pipeline_files import graph_of_text, read_graph
from milonga.compiler.rules import check
from milonga.errors import AuthoringError, MilongaError

TRAINER = """
name: Train (small) Models!
description: Trains.
metadata: {annotations: {author: someone}}
inputs:
- {name: Training Data, type: CSV, description: rows}
- {name: Num Epochs, type: Integer, default: '10', optional: true}
- {name: Rate, type: Float, default: 0.5}
- {name: Loss, type: String, default: mse}
- {name: names, type: 'List[str]', default: '["a", 1]'}
- {name: options, type: JsonObject, default: '{"a": {"b": 2}}'}
- {name: verbose, type: Bool, default: 'true'}
- {name: maybe, type: Float, optional: true}
- {name: extra, type: Model, optional: true}
- {name: untyped}
- {name: odd, type: {GCSPath: {data_type: CSV}}}
- {name: start, type: google.VertexModel}
outputs:
- {name: Model Out, type: Model}
- {name: Score, type: Float}
- {name: raw}
implementation:
  container:
    image: registry/trainer:1
    command: [python3, -m, train]
    env: {MODE: fast, EMPTY: ''}
    args:
    - --data
    - {inputPath: Training Data}
    - {inputUri: untyped}
    - {inputValue: Num Epochs}
    - if:
        cond: {isPresent: maybe}
        then: [--maybe, {inputValue: maybe}]
        else: [--none, {concat: [x, {inputValue: Loss}]}]
    - if: {cond: {isPresent: extra}, then: --extra}
    - concat: [a, {inputValue: Loss}, {if: {cond: {isPresent: maybe}, then: {inputValue: maybe}}}]
    - {outputPath: Model Out}
    - {outputPath: Score}
    - {outputUri: raw}
    - {executorInput: null}
"""

SMALL = "name: s\nimplementation: {container: {image: busybox, command: [echo]}}\n"


def made_by_kfp(text: str, folder: Path) -> Graph:
    kfp = pytest.importorskip("kfp", reason="kfp is not installed")
    from kfp import components

    kfp.compiler.Compiler().compile(components.load_component_from_text(text), str(folder / "kfp.yaml"))
    return load_graph(folder / "kfp.yaml")


def without_maker(graph: Graph) -> Graph:
    """kfp drops the description; each compiler signs its own work."""
    info = dataclasses.replace(graph.specification.pipeline_info, description=None)
    return graph.replace(sdk_version=None, pipeline_info=info)


KFP_CANNOT = (", default: '[\"a\", 1]'", "    - {executorInput: null}\n")
"""kfp 2.17.0 leaves the default of a `List[...]` a text, which is no list, and fails on the other."""


@pytest.mark.parametrize("text", [TRAINER.replace(KFP_CANNOT[0], "").replace(KFP_CANNOT[1], ""), SMALL])
def test_the_graph_is_the_one_that_kfp_makes(text: str, tmp_path: Path) -> None:
    assert without_maker(graph_of_text(text)) == without_maker(made_by_kfp(text, tmp_path))


def test_a_component_file_is_a_pipeline_without_findings(tmp_path: Path) -> None:
    path = tmp_path / "component.yaml"
    path.write_text(TRAINER)
    source = read_source(path)
    assert source.description == "Trains." and source.graph.name == "train-small-models"
    assert [finding for finding in check(source.graph) if finding.severity == "error"] == []
    assert source.graph.root.input_parameters["names"].default_value == ["a", 1]
    assert source.graph.executors["exec-train-small-models"].container.args[-1] == "{{$}}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("inputValue: Num Epochs", "inputValue: Num Epoch", "did you mean 'num_epochs'"),
        ("inputValue: Num Epochs", "inputPath: Num Epochs", "for artifacts"),
        ("inputPath: Training Data", "inputValue: Training Data", "for parameters"),
        ("outputUri: raw", "outputUri: Score", "for artifacts"),
        ("outputUri: raw", "outputUrl: raw", "did you mean 'outputUri'"),
        ("outputUri: raw", "outputUri: raw, inputValue: Loss", "no placeholder"),
        ("cond: {isPresent: maybe}\n        then", "cond: maybe\n        then", "isPresent"),
        ("cond: {isPresent: extra}, then: --extra", "cond: {isPresent: extra}", "without 'then'"),
        ("isPresent: extra", "isPresent: extras", "did you mean 'extra'"),
        ("- concat: [a,", "- concat: {a: b}\n    - concat: [a,", "no list"),
        ("default: '10'", "default: ten", "not of its type"),
        ("default: 'true'", "default: perhaps", "not of its type"),
        ("""default: '["a", 1]'""", "default: '{}'", "not of its type"),
        ("name: names,", "name: LOSS,", "two of the inputs"),
        ("name: names,", "name: '!!',", "no name"),
        ("- --data", "- 17", "quote it"),
        ("command: [python3, -m, train]", "command: python3", "no list"),
        ("env: {MODE: fast", "env: {MODE: {a: b}", "placeholder"),
        ("image: registry/trainer:1", "image: 3", "'implementation.container.image' is no text"),
        ("image: registry/trainer:1", "fileOutputs: {a: /b}\n    image: i", "fileOutputs"),
        ("image: registry/trainer:1", "images: i", "unknown key 'images'"),
        ("description: Trains.", "descriptions: Trains.", "unknown key 'descriptions'"),
        ("outputs:\n", "outputs: {}\noutput:\n", "already"),
    ],
)
def test_what_breaks_the_format_is_named(before: str, after: str, expected: str, tmp_path: Path) -> None:
    assert before in TRAINER
    path = tmp_path / "component.yaml"
    path.write_text(TRAINER.replace(before, after))
    if expected == "already":
        expected = "'output'"
    with pytest.raises(AuthoringError) as caught:
        read_graph(path)
    error = caught.value
    assert error.code == "E176" and error.where == str(path) and expected in str(error), str(error)


@pytest.mark.parametrize(
    "implementation", ["", "null", "{}", "{graph: {tasks: {}}}", "{container: null}", "{container: []}", "[1]", "text"]
)
def test_an_implementation_that_is_no_container_is_named(implementation: str) -> None:
    with pytest.raises(MilongaError) as caught:
        graph_of_text(f"name: a\nimplementation: {implementation}\n")
    assert caught.value.code == "E176"


@pytest.mark.parametrize("inputs", ["3", "{a: b}", "[1]", "[{type: String}]", "[{name: ''}]"])
def test_inputs_that_are_no_list_of_named_things_are_named(inputs: str) -> None:
    with pytest.raises(AuthoringError) as caught:
        graph_of_text(SMALL + f"inputs: {inputs}\n")
    assert caught.value.code == "E176" and "'inputs'" in caught.value.message
