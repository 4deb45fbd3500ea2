# ruff: noqa: UP045 - authors write Optional[int] as often as int | None
"""`@component` and `@pipeline`: what a decorated function is, inside a pipeline and outside of one."""

import functools
import inspect
import pickle
from dataclasses import dataclass
from typing import NamedTuple, Optional

import pytest

import milonga as ml
from milonga import Artifact, Dataset, Metrics, Model, component, pipeline
from milonga.compiler.trace import trace
from milonga.dsl.definition import kebab
from milonga.dsl.options import Options
from milonga.dsl.signature import MISSING
from milonga.errors import AuthoringError


class Trained(NamedTuple):
    model: Model
    accuracy: float


@dataclass
class Scores:
    precision: float
    recall: float


@component
def train(data: Dataset, *, epochs: int = 3, rate: Optional[float] = None) -> Trained:
    """Fit a model.

    Slowly.

    Args:
        data: what to learn from.
        epochs: how often,
            at least once.

    Returns:
        A model.
    """
    model = Model.create_file()
    model.write_text(f"{data.read_text()} {epochs} {rate}")
    return Trained(model, 0.5)


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@pipeline
def whole(number: int = 1) -> int:
    return add(number)


# Outside of a pipeline


def test_a_component_is_an_ordinary_function_outside_of_a_pipeline(tmp_path):
    assert add(1) == 2
    assert add(1, b=2) == 3
    (tmp_path / "data").write_text("abc")
    trained = train(Dataset.at(tmp_path / "data"), epochs=2)
    assert isinstance(trained, Trained)
    assert trained.model.read_text() == "abc 2 None"


def test_its_errors_are_pythons_own_there():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        add()
    with pytest.raises(TypeError, match="unexpected keyword"):
        add(1, c=2)


def test_a_pipeline_is_not_called_like_a_function():
    with pytest.raises(AuthoringError) as raised:
        whole()
    assert raised.value.code == "E131"
    assert "milonga.run(whole, ...)" in raised.value.hint
    assert raised.value.where.startswith(__file__)


def test_a_component_looks_like_its_function():
    assert train.__name__ == "train"
    assert train.__doc__ == train.function.__doc__
    assert train.__module__ == __name__
    assert list(inspect.signature(train).parameters) == ["data", "epochs", "rate"]
    assert train.description == "Fit a model.\n\n    Slowly."
    assert repr(add) == "<component add(a: int, b: int) -> Output: int>"
    assert repr(whole) == "<pipeline whole(number: int) -> Output: int>"


def test_the_signature_holds_types_defaults_and_texts():
    data, epochs, rate = train.signature.inputs
    assert (data.required, data.default, data.description) == (True, MISSING, "what to learn from.")
    assert (epochs.required, epochs.default, epochs.description) == (False, 3, "how often, at least once.")
    assert (rate.schema.spelling, rate.default) == ("Optional[float]", None)
    assert [output.name for output in train.signature.outputs] == ["model", "accuracy"]
    assert train.signature.returns == "tuple"
    assert train.signature.input("epochs") is epochs
    assert train.signature.input("nothing") is None


def test_results_are_nothing_one_or_several():
    @component
    def nothing() -> None: ...

    @component
    def record() -> Scores:
        return Scores(1, 1)

    @component
    def unsaid(a: int): ...

    assert nothing.signature.returns == unsaid.signature.returns == "nothing"
    assert add.signature.returns == "one"
    assert [output.name for output in add.signature.outputs] == ["Output"]
    assert [output.name for output in record.signature.outputs] == ["precision", "recall"]


def test_none_as_default_makes_an_input_optional():
    @component
    def step(limit: int = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013

    assert step.signature.inputs[0].schema.optional


def test_names_are_kebab_case_unless_given():
    assert [kebab(name) for name in ("train_big", "TrainBig", "a__b_", "train2", "_", "é")] == [
        "train-big", "train-big", "a-b", "train2", "component", "component",
    ]  # fmt: skip
    assert component(name="other")(add.function).name == "other"
    assert pipeline(name="other", display_name="Other!")(whole.function).display_name == "Other!"


def test_a_method_style_decorator_around_a_function_is_kept():
    @functools.lru_cache
    def inner() -> int:
        return 4

    @component
    def step() -> int:
        return inner()

    assert step() == 4


def test_a_function_of_a_component_can_be_pickled_by_name():
    assert pickle.loads(pickle.dumps(Trained))
    assert train.function.__qualname__ == "train"


# Options


def test_options_make_a_new_component_and_leave_the_old_one():
    other = add.options(cpu=2, memory="4Gi", retries=3)
    assert other is not add
    assert add.task_options == Options()
    assert other.task_options == Options(cpu="2", memory="4Gi", retries=3)
    assert other(1) == 2
    assert (other.name, other.signature) == (add.name, add.signature)


def test_options_of_a_call_lie_over_those_of_the_component():
    base = component(cpu="1", environment={"A": "1", "B": "1"}, after=["x"])(add.function)
    merged = base.options(cpu="2", environment={"B": "2"}, after="y").task_options
    assert merged.cpu == "2"
    assert merged.environment == {"A": "1", "B": "2"}
    assert merged.after == ("x", "y")


def test_options_are_said_or_not_said():
    assert Options(retries=3).merged(Options()).retries == 3
    assert Options(retries=3).merged(Options(retries=0)).retries == 0
    assert Options(cache=True).merged(Options(cache=False)).cache is False
    assert add.options(cpu=None).task_options.cpu is None


@pytest.mark.parametrize(
    "options",
    [
        {"cpu": "500m"}, {"cpu": 0.5}, {"cpu": "2"}, {"memory": "512M"}, {"memory": "1.5Gi"}, {"memory": 1024},
        {"gpu": 0}, {"gpu": 8, "gpu_type": "amd.com/gpu"}, {"retries": 0}, {"backoff_s": 0.5, "backoff_factor": 1},
        {"timeout_s": 0.1}, {"cache": False}, {"cache_key": "v1"}, {"environment": {}}, {"secrets": {"A": "b/c"}},
        {"node_selector": {"a": "b"}}, {"name": "a"}, {"name": "a-1"}, {"display_name": "Any text!"}, {"after": []},
        {"ignore_upstream_failure": True}, {"image": "python:3.12"},
    ],
)  # fmt: skip
def test_a_right_option(options):
    add.options(**options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"cpu": "two"}, "cpu"), ({"cpu": True}, "cpu"), ({"cpu": "-1"}, "cpu"), ({"cpu": "1.5m"}, "cpu"),
        ({"memory": "4GB"}, "memory"), ({"memory": "4 Gi"}, "memory"), ({"memory": -1}, "memory"),
        ({"gpu": -1}, "gpu >= 0"), ({"gpu": "1"}, "a whole number"), ({"gpu": 1.5}, "a whole number"),
        ({"gpu": True}, "a whole number"), ({"retries": -1}, "retries >= 0"), ({"retries": "3"}, "retries"),
        ({"backoff_s": -1}, "backoff_s >= 0"), ({"backoff_factor": 0.5}, "backoff_factor >= 1"),
        ({"backoff_max_s": "1h"}, "a number"), ({"timeout_s": 0}, "timeout_s > 0"), ({"timeout_s": -5}, "timeout_s"),
        ({"timeout_s": "1h"}, "a number"), ({"cache": "no"}, "True or False"), ({"image": 3}, "a text"),
        ({"environment": {"A": 1}}, "strings to strings"), ({"environment": ["A"]}, "a dict"),
        ({"secrets": {"A": "b"}}, "secret-name/key"), ({"secrets": {"A": "/c"}}, "secret-name/key"),
        ({"secrets": {"A": "a/b/c"}}, "secret-name/key"), ({"node_selector": {"a": 1}}, "strings"),
        ({"name": "Train"}, "lower case"), ({"name": "-a"}, "lower case"), ({"name": "a_b"}, "lower case"),
        ({"name": ""}, "lower case"), ({"timeout_s": float("nan")}, "timeout_s"),
        ({"backoff_s": float("inf")}, "backoff_s"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named_with_its_rule(options, told):
    with pytest.raises(AuthoringError) as raised:
        add.options(**options)
    assert raised.value.code == "E106"
    assert told in raised.value.got
    assert raised.value.where.startswith(__file__)


def test_every_wrong_option_is_named_at_once():
    with pytest.raises(AuthoringError) as raised:
        add.options(cpu="two", memory="4 GB", retries=-1)
    assert all(name in raised.value.got for name in ("cpu", "memory", "retries"))


def test_an_unknown_option_names_the_nearest_or_all():
    with pytest.raises(AuthoringError) as raised:
        add.options(timeout=3)
    assert raised.value.hint == "did you mean 'timeout_s'?"
    with pytest.raises(AuthoringError) as raised:
        add.options(zzzzz=3)
    assert "cpu, display_name" in raised.value.hint


# Artifacts outside of a task


def test_an_artifact_made_outside_of_a_task_has_a_folder_of_its_own():
    one, other = Model.create(), Model.create()
    assert one.path.is_dir()
    assert one.path != other.path
    assert not list(one.path.iterdir())


def test_a_file_artifact_is_not_there_before_it_is_written():
    data = Dataset.create_file("table", metadata={"rows": 2})
    assert not data.path.exists()
    assert data.path.parent.is_dir()
    data.write_text("é\n")
    assert data.read_text() == "é\n"
    assert (data.name, data.metadata) == ("table", {"rows": 2})


def test_json_content_is_the_same_bytes_for_the_same_value():
    data = Artifact.create_file()
    data.write_json({"b": [1.5, None], "a": "é"})
    assert data.path.read_bytes() == '{\n  "a": "é",\n  "b": [\n    1.5,\n    null\n  ]\n}\n'.encode()
    assert data.read_json() == {"b": [1.5, None], "a": "é"}


def test_writing_text_to_a_folder_artifact_makes_it_a_file():
    data = Dataset.create()
    (data.path / "old").write_text("old")
    data.write_text("new")
    assert data.path.is_file()
    assert data.read_text() == "new"


def test_an_artifact_over_content_that_exists(tmp_path):
    (tmp_path / "x.txt").write_text("abc")
    data = Dataset.at(tmp_path / "x.txt", metadata={"a": 1})
    assert (data.read_text(), data.name, data.metadata) == ("abc", "x.txt", {"a": 1})
    data.path = tmp_path / "y.txt"
    assert data.uri == str(tmp_path / "y.txt")


def test_a_uri_is_a_path_where_it_can_be():
    assert str(Artifact(uri="file:///a/b").path) == "/a/b"
    assert str(Artifact(uri="/a/b").path) == "/a/b"


def test_metadata_given_is_copied():
    given = {"a": 1}
    Artifact(metadata=given).metadata["a"] = 2
    assert given == {"a": 1}


def test_metrics_are_drawn_by_kfp():
    metrics = Metrics()
    metrics.log_metric("accuracy", 0.5)
    assert metrics.metadata == {"accuracy": 0.5}
    classification = ml.ClassificationMetrics()
    classification.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])
    classification.log_roc_curve([0, 1], [0.5, 1], [1, 0])
    assert classification.metadata == {
        "confusionMatrix": {
            "annotationSpecs": [{"displayName": "a"}, {"displayName": "b"}],
            "rows": [{"row": [1, 2]}, {"row": [3, 4]}],
        },
        "confidenceMetrics": [
            {"confidenceThreshold": 1, "recall": 0.5, "falsePositiveRate": 0},
            {"confidenceThreshold": 0, "recall": 1, "falsePositiveRate": 1},
        ],
    }


@pytest.mark.parametrize("matrix", [[], [[1]], [[1, 2], [3]], [[1, 2]]])
def test_a_matrix_of_another_shape_is_refused(matrix):
    with pytest.raises(ValueError, match="2 x 2"):
        ml.ClassificationMetrics().log_confusion_matrix(["a", "b"], matrix)


def test_a_curve_of_different_lengths_is_refused():
    with pytest.raises(ValueError, match=r"\(1, 2, 1\)"):
        ml.ClassificationMetrics().log_roc_curve([0], [1, 1], [1])


# Inside of a pipeline


def traced(body, **inputs):
    """The tasks of a pipeline with this body."""
    body.__annotations__ = {**inputs, "return": None}
    return trace(pipeline(body)).graph.root.dag.tasks


def test_a_call_is_a_task_and_its_result_a_reference():
    seen = []

    def body() -> None:
        seen.append(add(1))
        seen.append(train(Dataset.at("x")) if False else add(seen[0]))

    tasks = traced(body)
    assert list(tasks) == ["add", "add-2"]
    assert tasks["add-2"].producers() == {"add"}
    assert repr(seen[0]) == "<output 'Output' of task 'add': int>"


def test_named_outputs_are_attributes_positions_and_unpacked():
    def body(data: Dataset) -> None:
        made = train(data)
        model, accuracy = made
        assert model is made.model is made[0]
        assert accuracy is made.accuracy is made[1]
        assert len(made) == 2
        assert repr(made) == "<outputs of task 'train': model, accuracy>"

    assert list(traced(body, data=Dataset)) == ["train"]


def test_explicit_names_stay_and_others_go_around_them():
    def body() -> None:
        add(1)
        add.options(name="add-2")(1)
        add(1)
        add.options(name="mine")(1)

    assert set(traced(body)) == {"add", "add-2", "add-3", "mine"}


def test_a_python_loop_makes_many_tasks():
    def body() -> None:
        value = add(0)
        for _ in range(3):
            value = add(value)

    assert list(traced(body)) == ["add", "add-2", "add-3", "add-4"]


def test_constants_are_written_in_their_json_form():
    def body() -> None:
        add(1, b=2)

    bindings = traced(body)["add"].parameter_bindings
    assert {name: binding.runtime_value.constant for name, binding in bindings.items()} == {"a": 1, "b": 2}


def test_policies_of_a_task():
    def body() -> None:
        add.options(retries=2, backoff_s=1.5, backoff_max_s=60, cache=False, display_name="Add it")(1)
        add.options(retries=1, cache_key="v1")(1)

    first, second = traced(body).values()
    assert first.retry_policy.backoff_duration == "1.5s"
    assert (first.retry_policy.backoff_factor, first.retry_policy.backoff_max_duration) == (2.0, "60s")
    assert first.task_info.name == "Add it"
    assert (first.caching_options.enable_cache, second.caching_options.enable_cache) == (None, True)
    assert second.caching_options.cache_key == "v1"
    assert second.retry_policy.backoff_duration == "0s"


def test_a_final_status_outside_of_an_exit_handler_is_a_mistake():
    @component
    def report(status: ml.TaskFinalStatus) -> None: ...

    @pipeline
    def p() -> None:
        report()

    with pytest.raises(AuthoringError) as raised:
        trace(p)
    assert raised.value.code == "E112"
    assert "ExitHandler" in raised.value.hint


def test_metadata_of_an_importer_must_be_json():
    @pipeline
    def p() -> None:
        ml.importer("/x", Dataset, metadata={"a": {1, 2}})

    with pytest.raises(AuthoringError) as raised:
        trace(p)
    assert raised.value.code == "E113"
    assert "metadata" in raised.value.message


def test_an_importer_takes_an_artifact_class():
    @pipeline
    def p() -> None:
        ml.importer("/x", str)  # type: ignore[type-var]

    with pytest.raises(AuthoringError) as raised:
        trace(p)
    assert raised.value.code == "E113"


def test_a_pipeline_refuses_options_that_only_a_step_can_have():
    @pipeline
    def whole() -> int:
        return add(1)

    with pytest.raises(AuthoringError) as caught:
        whole.options(cpu=2, retries=1)
    assert caught.value.code == "E106"
    assert "'cpu'" in caught.value.message
    with pytest.raises(AuthoringError, match="'memory'"):
        pipeline(memory="1Gi")(whole.function)
    assert whole.options(retries=1, cache=False).task_options.retries == 1
