# ruff: noqa: UP045 - authors write Optional[int] as often as int | None
"""One attempt of a task: inputs become arguments, the result becomes KFP's ExecutorOutput, all of it or nothing."""

import enum
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Optional

import pytest

from milonga.dsl import Artifact, Dataset, Metrics, Model, TaskFinalStatus
from milonga.errors import TaskFailed
from milonga.runtime.task import run_task


class Mode(enum.Enum):
    FAST = "fast"


@dataclass(frozen=True)
class Settings:
    epochs: int
    rate: float = 0.5


class Trained(NamedTuple):
    model: Model
    accuracy: float


@dataclass
class Scores:
    accuracy: float
    name: str


class Frame(Dataset):
    pass


def executor_input(folder: Path, parameters: dict[str, Any] | None = None, **artifacts: Any) -> dict[str, Any]:
    """An ExecutorInput. An artifact is an input when its value is a path, an output when it is a type's title."""
    inputs, outputs = {}, {}
    for name, value in artifacts.items():
        if isinstance(value, str):
            entry = {"name": name, "uri": str(folder / "out" / name), "type": {"schemaTitle": value}}
            outputs[name] = {"artifacts": [{**entry, "metadata": {"made_by": "test"}}]}
        else:
            paths = value if isinstance(value, list) else [value]
            inputs[name] = {"artifacts": [{"name": p.name, "uri": str(p), "metadata": {"size": 3}} for p in paths]}
    return {
        "inputs": {"parameterValues": parameters or {}, "artifacts": inputs},
        "outputs": {"artifacts": outputs, "outputFile": str(folder / "out" / "output.json")},
    }


def written(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "out" / "output.json").read_text())


def show(
    whole: int,
    fraction: float,
    mode: Mode,
    settings: Settings,
    numbers: list[int],
    kind: Literal["a", "b"] = "a",
    limit: Optional[int] = None,
) -> str:
    return f"{whole!r} {fraction!r} {mode} {settings} {numbers} {kind} {limit}"


def test_parameters_arrive_in_their_types_whatever_the_back_end_made_of_numbers(tmp_path):
    values = {
        "whole": 3.0,
        "fraction": 2,
        "mode": "fast",
        "settings": {"epochs": 2.0, "rate": 1},
        "numbers": [1.0, 2.0],
    }
    output = run_task(show, executor_input(tmp_path, values))
    shown = "3 2.0 Mode.FAST Settings(epochs=2, rate=1.0) [1, 2] a None"
    assert output == {"parameterValues": {"Output": shown}, "artifacts": {}}
    assert written(tmp_path) == output


def test_a_null_is_none_and_not_the_default(tmp_path):
    def step(limit: Optional[int] = 5) -> str:
        return repr(limit)

    assert run_task(step, executor_input(tmp_path, {"limit": None}))["parameterValues"] == {"Output": "None"}
    assert run_task(step, executor_input(tmp_path))["parameterValues"] == {"Output": "5"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"mode": "slow"}, "mode"),
        ({"settings": {"epochs": 1, "speed": 3}}, "settings"),
        ({"settings": {"rate": 1.0}}, "settings"),
        ({"whole": 1.5}, "whole"),
        ({"whole": "x"}, "whole"),
        ({"numbers": {"a": 1}}, "numbers"),
        ({"numbers": [1, "x"]}, "numbers"),
        ({"kind": "c"}, "kind"),
        ({"fraction": None}, "fraction"),
    ],
)
def test_an_input_that_does_not_fit_is_named_and_nothing_is_written(tmp_path, changes, name):
    values = {"whole": 1, "fraction": 0.5, "mode": "fast", "settings": {"epochs": 1}, "numbers": [1], **changes}
    with pytest.raises(TaskFailed) as raised:
        run_task(show, executor_input(tmp_path, values))
    assert raised.value.code == "E411"
    assert f"'{name}'" in raised.value.message
    assert not (tmp_path / "out" / "output.json").exists()


def test_missing_inputs_are_named_all_at_once(tmp_path):
    with pytest.raises(TaskFailed, match="'fraction', 'mode', 'settings', 'numbers'") as raised:
        run_task(show, executor_input(tmp_path, {"whole": 1}))
    assert raised.value.code == "E411"


def test_a_final_status_arrives_as_an_object(tmp_path):
    def report(status: TaskFinalStatus) -> str:
        return f"{status.state} {status.pipeline_task_name} {status.error_code} {status.error_message}"

    value = {"state": "FAILED", "pipelineTaskName": "exit-handler-1", "error": {"code": 9.0, "message": "boom"}}
    output = run_task(report, executor_input(tmp_path, {"status": value}))
    assert output["parameterValues"] == {"Output": "FAILED exit-handler-1 9 boom"}


# Artifacts


def test_an_output_is_made_where_the_back_end_wants_it(tmp_path):
    def train(data: Dataset) -> Trained:
        model = Model.create()
        (model.path / "weights").write_text(data.read_text())
        model.metadata["layers"] = 2
        return Trained(model, 0.5)

    data = tmp_path / "data.txt"
    data.write_text("abc")
    output = run_task(train, executor_input(tmp_path, model="system.Model", data=data))
    assert (tmp_path / "out" / "model" / "weights").read_text() == "abc"
    assert output["parameterValues"] == {"accuracy": 0.5}
    (entry,) = output["artifacts"]["model"]["artifacts"]
    assert entry == {
        "name": "model",
        "uri": str(tmp_path / "out" / "model"),
        "type": {"schemaTitle": "system.Model"},
        "metadata": {"made_by": "test", "layers": 2},
    }


def test_artifacts_of_one_type_find_their_outputs_by_order_or_by_name(tmp_path):
    class Two(NamedTuple):
        train: Dataset
        test: Dataset

    def by_order() -> Two:
        first, second = Dataset.create_file(), Dataset.create_file()
        first.write_text("1")
        second.write_text("2")
        return Two(first, second)

    def by_name() -> Two:
        test = Dataset.create_file("test")
        test.write_text("2")
        train = Dataset.create_file("train")
        train.write_text("1")
        return Two(train, test)

    for function in (by_order, by_name):
        folder = tmp_path / function.__name__
        run_task(function, executor_input(folder, train="system.Dataset", test="system.Dataset"))
        assert (folder / "out" / "train").read_text() == "1"
        assert (folder / "out" / "test").read_text() == "2"


def test_artifacts_created_in_the_wrong_order_still_land_under_what_is_returned(tmp_path):
    class Two(NamedTuple):
        train: Dataset
        test: Dataset

    def swapped() -> Two:
        test, train = Dataset.create_file(), Dataset.create_file()
        test.write_text("2")
        train.write_text("1")
        return Two(train, test)

    output = run_task(swapped, executor_input(tmp_path, train="system.Dataset", test="system.Dataset"))
    content = {name: Path(entry["artifacts"][0]["uri"]).read_text() for name, entry in output["artifacts"].items()}
    assert content == {"train": "1", "test": "2"}


def test_an_artifact_that_was_created_and_not_returned_leaves_nothing(tmp_path):
    def choose() -> Dataset:
        drafts = [Dataset.create_file() for _ in range(3)]
        for number, draft in enumerate(drafts):
            draft.write_text(str(number))
        return drafts[2]

    output = run_task(choose, executor_input(tmp_path, Output="system.Dataset"))
    assert Path(output["artifacts"]["Output"]["artifacts"][0]["uri"]).read_text() == "2"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Output", "output.json"]


def test_an_input_may_be_passed_on(tmp_path):
    def same(data: Dataset) -> Dataset:
        return data

    data = tmp_path / "data.txt"
    data.write_text("abc")
    output = run_task(same, executor_input(tmp_path, data=data, Output="system.Dataset"))
    assert output["artifacts"]["Output"]["artifacts"][0]["uri"] == str(data)


def test_lists_and_optional_artifacts(tmp_path):
    def step(many: list[Dataset], none: Optional[Model] = None) -> str:
        return ",".join(one.read_text() for one in many) + repr(none)

    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_text(path.name)
    assert run_task(step, executor_input(tmp_path, many=paths))["parameterValues"] == {"Output": "a,bNone"}
    empty = executor_input(tmp_path, many=[])
    assert run_task(step, empty)["parameterValues"] == {"Output": "None"}


def test_input_metadata_is_a_copy_and_the_class_is_the_declared_one(tmp_path):
    def step(data: Frame) -> str:
        data.metadata["new"] = 1
        return f"{type(data).__name__} {data.metadata['size']}"

    path = tmp_path / "a"
    path.write_text("")
    given = executor_input(tmp_path, data=path)
    assert run_task(step, given)["parameterValues"] == {"Output": "Frame 3"}
    assert given["inputs"]["artifacts"]["data"]["artifacts"][0]["metadata"] == {"size": 3}


def test_a_class_of_the_authors_own_is_recorded(tmp_path):
    def step() -> Frame:
        return Frame.create()

    output = run_task(step, executor_input(tmp_path, Output="system.Dataset"))
    assert output["artifacts"]["Output"]["artifacts"][0]["metadata"]["milonga_type"] == "Frame"


def test_metrics_are_metadata(tmp_path):
    def step() -> Metrics:
        metrics = Metrics.create()
        metrics.log("accuracy", 0.5)
        return metrics

    output = run_task(step, executor_input(tmp_path, Output="system.Metrics"))
    assert output["artifacts"]["Output"]["artifacts"][0]["metadata"]["accuracy"] == 0.5


# Wrong results


@pytest.mark.parametrize(
    ("annotation", "value", "got"),
    [
        (int, "x", "'x' (str)"),
        (int, None, "None"),
        (float, float("nan"), "nan"),
        (str, 3, "3 (int)"),
        (bool, 1, "1 (int)"),
        (list[int], [1, "x"], "'x'"),
        (dict, {1: 2}, "keys"),
        (Literal["a"], "b", "'b'"),
        (Scores, 3, "3"),
        (Trained, (1,), "(1,)"),
        (Model, "model.onnx", "'model.onnx'"),
    ],
)
def test_a_result_of_another_type_than_declared_is_refused_and_nothing_is_written(tmp_path, annotation, value, got):
    def step():
        return value

    step.__annotations__["return"] = annotation
    with pytest.raises(TaskFailed) as raised:
        run_task(step, executor_input(tmp_path, Output="system.Model", model="system.Model"))
    assert raised.value.code == "E412"
    assert got in raised.value.got
    assert not (tmp_path / "out" / "output.json").exists()


def test_a_tuple_of_the_right_length_stands_for_the_declared_one(tmp_path):
    def step() -> Scores:
        return (0.5, "a")

    assert run_task(step, executor_input(tmp_path))["parameterValues"] == {"accuracy": 0.5, "name": "a"}


@pytest.mark.parametrize("metadata", [{"a": {1}}, {"a": float("nan")}, {"a": object()}])
def test_metadata_that_has_no_json_form_is_refused(tmp_path, metadata):
    def step() -> Artifact:
        return Artifact.create(metadata=metadata)

    with pytest.raises(TaskFailed) as raised:
        run_task(step, executor_input(tmp_path, Output="system.Artifact"))
    assert raised.value.code == "E412"
    assert "metadata" in raised.value.message


def test_the_functions_own_error_is_not_changed(tmp_path):
    def step() -> int:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run_task(step, executor_input(tmp_path))
    assert not (tmp_path / "out" / "output.json").exists()


def test_a_step_without_a_result_writes_an_empty_output(tmp_path):
    def step() -> None:
        return None

    assert run_task(step, executor_input(tmp_path)) == {"parameterValues": {}, "artifacts": {}}
    assert written(tmp_path) == {"parameterValues": {}, "artifacts": {}}


def test_an_optional_result_of_none_is_absent(tmp_path):
    def step() -> Optional[int]:
        return None

    assert run_task(step, executor_input(tmp_path))["parameterValues"] == {}


def test_the_output_may_be_left_unwritten(tmp_path):
    def step() -> int:
        return 1

    assert run_task(step, executor_input(tmp_path), write_output=False)["parameterValues"] == {"Output": 1}
    assert not (tmp_path / "out" / "output.json").exists()
