# ruff: noqa: UP045 - authors write Optional[int] as often as int | None
"""One small pipeline for each construct of the language, and what must come out of it.

`local` says why kfp's local runner cannot confirm a case: the row of its defect, as measured with kfp 2.17.0.
"""

import enum
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Optional

import milonga as ml
from milonga import Artifact, Dataset, Metrics, Model, component, pipeline


class Split(NamedTuple):
    train: Dataset
    rows: int


@dataclass(frozen=True)
class Scores:
    accuracy: float
    name: str


class Optimiser(enum.Enum):
    SGD = "sgd"
    ADAM = "adam"


@dataclass(frozen=True)
class Settings:
    epochs: int
    rate: float = 0.5
    layers: Optional[list[int]] = None


class Frame(Dataset):
    """A data set of the author's own kind."""


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def total(values: list[int]) -> int:
    return sum(values)


@component
def join(parts: list[str], separator: str = "-") -> str:
    return separator.join(parts)


@component
def text(value: str) -> str:
    return value


@component
def say(value: str, *, times: int = 1) -> str:
    return value * times


@component
def fail(message: str) -> str:
    raise RuntimeError(message)


@component
def write(content: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text(content)
    made.metadata["length"] = len(content)
    return made


@component
def write_frame(content: str) -> Frame:
    made = Frame.create_file()
    made.write_text(content)
    return made


@component
def read(data: Dataset) -> str:
    return f"{data.read_text()} ({int(data.metadata.get('length', 0))})"


@component
def read_any(data: Artifact) -> str:
    return data.read_text()


@component
def read_all(data: list[Dataset]) -> str:
    return ",".join(one.read_text() for one in data)


# Parameters


@component
def show_types(
    whole: int,
    fraction: float,
    word: str,
    flag: bool,
    numbers: list[int],
    table: dict[str, float],
    mode: Literal["fast", "exact"],
    optimiser: Optimiser,
    settings: Settings,
) -> str:
    values = (whole, fraction, word, flag, numbers, table, mode, optimiser, settings)
    return " ".join(f"{type(value).__name__}={value!r}" for value in values)


@pipeline
def parameters_of_every_type(
    whole: int = 3,
    fraction: float = 2,
    word: str = 'it\'s "so"\n{{x}} 💃',
    flag: bool = True,
    numbers: list[int] = [1, 2],  # noqa: B006
    table: dict[str, float] = {"a": 1},  # noqa: B006
    mode: Literal["fast", "exact"] = "exact",
    optimiser: Optimiser = Optimiser.ADAM,
) -> str:
    return show_types(whole, fraction, word, flag, numbers, table, mode, optimiser, Settings(3, 0.25, [1, 2]))


@pipeline
def constants_of_every_type() -> str:
    return show_types(3, 2, "a", False, [1], {"a": 1}, "fast", Optimiser.SGD, Settings(3, layers=[]))


@component
def show_settings(settings: Settings) -> str:
    return repr(settings)


@pipeline
def none_inside_of_a_constant() -> str:
    return show_settings(Settings(3))


@component
def make_types() -> Scores:
    return Scores(0.5, "it")


@component
def use_types(accuracy: float, name: str) -> str:
    return f"{name} {accuracy}"


@pipeline
def results_of_a_dataclass() -> Scores:
    scores = make_types()
    use_types(scores.accuracy, scores.name)
    return scores


@component
def halves(data: Dataset) -> Split:
    half = Dataset.create_file()
    half.write_text(data.read_text()[:2])
    return Split(half, 2)


@pipeline
def results_of_a_named_tuple() -> Split:
    train, rows = halves(write("abcd"))
    add(rows)
    read(train)
    return Split(train, rows)


@component
def describe() -> dict[str, Any]:
    return {"name": "milonga", "sizes": [1, 2], "deep": {"x": 0.5}}


@pipeline
def parts_of_a_value() -> str:
    made = describe()
    return text(made["name"])


@component
def choose() -> Settings:
    return Settings(4, 0.125)


@component
def halve(value: float) -> float:
    return value / 2


@pipeline
def fields_of_a_dataclass_value() -> float:
    return halve(choose().rate)


@component
def or_seven(value: Optional[int] = None) -> int:
    return 7 if value is None else value


@component
def or_none(value: Optional[int] = 5) -> str:
    return repr(value)


@pipeline
def optional_inputs(value: Optional[int] = None) -> int:
    or_seven()
    return or_seven(value)


@pipeline
def none_for_an_input_with_another_default() -> str:
    or_none()
    return or_none(None)


# Artifacts


@pipeline
def artifacts_between_tasks() -> str:
    return read(write("abc"))


@pipeline
def one_component_twice_with_artifacts() -> str:
    first, second = write("1"), write("2")
    return join_two(first, second)


@component
def join_two(a: Dataset, b: Dataset) -> str:
    return f"{a.read_text()}|{b.read_text()}"


@pipeline
def one_component_three_times_with_parameters() -> int:
    return add(add(add(1), 10), 100)


@pipeline
def a_class_of_the_authors_own() -> str:
    made = write_frame("own")
    read(made)
    return read_any(made)


@component
def evaluate() -> Metrics:
    metrics = Metrics.create()
    metrics.log("accuracy", 0.75)
    return metrics


@pipeline
def metrics() -> Metrics:
    return evaluate()


@component
def folder_of(names: list[str]) -> Model:
    model = Model.create()
    for name in names:
        (model.path / name).write_text(name)
    return model


@component
def names_in(model: Model) -> list[str]:
    return sorted(path.name for path in model.path.iterdir())


@pipeline
def a_folder_as_artifact() -> list[str]:
    return names_in(folder_of(["b", "a"]))


@pipeline
def an_imported_artifact(uri: str) -> str:
    data = ml.importer(uri, Dataset, metadata={"length": 8})
    return read_any(data)


@component
def read_or(data: Optional[Dataset] = None) -> str:
    return "nothing" if data is None else data.read_text()


@pipeline
def an_optional_artifact() -> str:
    read_or(write("x"))
    return read_or()


@pipeline
def an_artifact_as_input(data: Dataset) -> str:
    return read_any(data)


# Order


@component
def append(path: str, line: str) -> str:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(line)
    return path


@component
def content_of(path: str) -> str:
    with open(path, encoding="utf-8") as stream:  # noqa: PTH123
        return stream.read()


@pipeline
def after_by_value_and_by_name(path: str) -> str:
    append.options(name="third", after="second")(path, "3")
    first = append(path, "1")
    append.options(name="second", after=first)(path, "2")
    return content_of.options(after=["third"])(path)


# Conditions


@pipeline
def a_condition(number: int = 5) -> None:
    with ml.If(add(number) > 5):
        say("more")
    with ml.If(number > 5):
        fail("never")


@pipeline
def branches(number: int = 2) -> str:
    with ml.If(number == 1):
        a = say("one")
    with ml.Elif(number == 2):
        b = say("two")
    with ml.Else():
        c = say("many")
    return say(ml.OneOf(a, b, c), times=2)


@pipeline
def branches_as_result(number: int = 3) -> str:
    with ml.If(number == 1):
        a = say("one")
    with ml.Else():
        b = say("many")
    return ml.OneOf(a, b)


@pipeline
def joined_conditions(number: int = 5, ratio: float = 0.5, word: str = "a", flag: bool = True) -> list[str]:
    made = []
    conditions = [
        (number > 1) & (number < 6) & (ratio == 0.5),
        (number > 10) | (word == "a"),
        ~(word == "b"),
        flag & (ratio >= 0.5),  # type: ignore[operator]
        ml.contains(["a", "b"], word),
        (number != 5) | ~((word == "a") & flag),
    ]
    for condition in conditions:
        with ml.If(condition):
            a = say("yes")
        with ml.Else():
            b = say("no")
        made.append(ml.OneOf(a, b))
    return join_six(*made)


@component
def join_six(a: str, b: str, c: str, d: str, e: str, f: str) -> list[str]:
    return [a, b, c, d, e, f]


@component
def true() -> bool:
    return True


@pipeline
def a_bool_output_as_condition() -> str:
    with ml.If(true()):
        a = say("yes")
    with ml.Else():
        b = say("no")
    return ml.OneOf(a, b)


@pipeline
def text_with_quotes_in_a_condition(word: str = "it's") -> str:
    with ml.If(word == "it's"):
        a = say("yes")
    with ml.Else():
        b = say("no")
    return ml.OneOf(a, b)


@pipeline
def text_that_looks_like_code(word: str = "' or True or '") -> str:
    with ml.If(word == "secret"):
        a = say("open")
    with ml.Else():
        b = say("closed")
    return ml.OneOf(a, b)


@pipeline
def a_list_input_that_contains(words: list[str] = ["a", "b"], word: str = "b") -> str:  # noqa: B006
    with ml.If(ml.contains(words, word)):
        a = say("yes")
    with ml.Else():
        b = say("no")
    return ml.OneOf(a, b)


@pipeline
def conditions_in_conditions(number: int = 5) -> str:
    with ml.If(number > 1):
        with ml.If(number > 4):
            a = say("large")
        with ml.Else():
            b = say("middle")
        inner = say(ml.OneOf(a, b))
    with ml.Else():
        c = say("small")
    return ml.OneOf(inner, c)


@pipeline
def a_part_in_a_condition() -> str:
    with ml.If(describe()["deep"]["x"] > 0.25):
        a = say("yes")
    with ml.Else():
        b = say("no")
    return ml.OneOf(a, b)


@pipeline
def branches_of_artifacts(number: int = 1) -> str:
    with ml.If(number == 1):
        a = write("one")
    with ml.Else():
        b = write("many")
    return read_any(ml.OneOf(a, b))


# Loops


@pipeline
def a_loop_over_constants() -> int:
    with ml.ParallelFor([1, 2, 3]) as item:
        made = add(item, 10)
    return total(ml.Collected(made))


@component
def words() -> list[str]:
    return ["a", "b", "c"]


@pipeline
def a_loop_over_an_output(suffix: str = "!") -> str:
    with ml.ParallelFor(words(), parallelism=2) as item:
        made = say(item, times=2)
    return join(ml.Collected(made), suffix)


@pipeline
def a_loop_over_an_input(numbers: list[int] = [3, 4]) -> int:  # noqa: B006
    with ml.ParallelFor(numbers) as item:
        made = add(item)
    return total(ml.Collected(made))


@pipeline
def a_loop_over_parts() -> str:
    with ml.ParallelFor([{"name": "a", "count": 1}, {"name": "b", "count": 2}]) as item:
        made = say(item["name"], times=item["count"])
    return join(ml.Collected(made))


@pipeline
def a_loop_of_collected_artifacts() -> str:
    with ml.ParallelFor(["a", "b"]) as item:
        made = write(item)
    return read_all(ml.Collected(made))


@pipeline
def a_loop_over_collected_artifacts() -> str:
    with ml.ParallelFor(["a", "b"]) as item:
        made = write(item)
    with ml.ParallelFor(ml.Collected(made)) as data:
        content = read_any(data)
    return join(ml.Collected(content))


@pipeline
def a_loop_over_nothing(numbers: list[int] = []) -> int:  # noqa: B006
    with ml.ParallelFor(numbers) as item:
        made = add(item)
    return total(ml.Collected(made))


@component
def total_of_lists(values: list[list[int]]) -> list[int]:
    return [sum(inner) for inner in values]


@pipeline
def a_loop_in_a_loop() -> list[int]:
    with ml.ParallelFor([1, 2]) as outer:
        with ml.ParallelFor([10, 20]) as inner:
            made = add(outer, inner)
    return total_of_lists(ml.Collected(made))


@pipeline
def a_loop_over_a_part_of_an_outer_item() -> list[int]:
    with ml.ParallelFor([{"n": [1, 2]}, {"n": [3]}]) as outer:
        with ml.ParallelFor(outer["n"]) as inner:
            made = add(inner)
    return total_of_lists(ml.Collected(made))


@pipeline
def a_condition_in_a_loop(limit: int = 2) -> int:
    with ml.ParallelFor([1, 2, 3]) as item:
        with ml.If(item > limit):
            a = add(item, 100)
        with ml.Else():
            b = add(item, 0)
        made = add(ml.OneOf(a, b), 0)
    return total(ml.Collected(made))


@pipeline
def a_value_from_outside_of_a_loop() -> int:
    outside = add(40)
    with ml.ParallelFor([1, 2]) as item:
        made = add(item, outside)
    return total(ml.Collected(made))


# Pipelines in pipelines


@pipeline
def inner_pipeline(number: int, step: int = 10) -> int:
    return add(add(number, step), step)


@pipeline
def a_pipeline_in_a_pipeline() -> int:
    return add(inner_pipeline(inner_pipeline(1), step=100))


@pipeline
def a_pipeline_in_a_loop() -> int:
    with ml.ParallelFor([1, 2]) as item:
        made = inner_pipeline(item)
    return total(ml.Collected(made))


@pipeline
def inner_with_artifacts(data: Dataset) -> Split:
    return halves(data)


@pipeline
def artifacts_through_a_pipeline(word: str = "abcd") -> str:
    made = inner_with_artifacts(write(word))
    return read_any(made.train)


# Ends


@component
def report(path: str, status: ml.TaskFinalStatus) -> None:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(f"{status.state} {status.error_message is not None}")


@pipeline
def an_exit_task(path: str) -> int:
    with ml.ExitHandler(report, path):
        made = add(1)
    return made


@pipeline
def an_exit_task_after_a_failure(path: str) -> None:
    with ml.ExitHandler(report, path):
        fail("boom")


@component
def fail_once(path: str) -> str:
    import os

    if not os.path.exists(path):  # noqa: PTH110
        with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write("tried")
        raise RuntimeError("the first attempt fails")
    return "second"


@pipeline
def a_retry(path: str) -> str:
    return fail_once.options(retries=2, backoff_s=0.01)(path)


@component
def environment_of(name: str) -> str:
    import os

    return os.environ.get(name, "")


@pipeline
def an_environment_variable() -> str:
    return environment_of.options(environment={"LEVEL": "3"}, display_name="Read it", cache=False)("LEVEL")


@pipeline
def a_failure_that_is_ignored() -> str:
    failed = fail("boom")
    return say.options(ignore_upstream_failure=True, after=failed)("went on")


@dataclass(frozen=True)
class Case:
    """A pipeline, its arguments, and what must come out; `${TMP}` stands for a fresh folder."""

    pipeline: Any
    outputs: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    state: str = "SUCCEEDED"
    files: dict[str, str] = field(default_factory=dict)
    local: str = ""
    variant: str = ""

    @property
    def name(self) -> str:
        return self.pipeline.function.__name__ + (f"_{self.variant}" if self.variant else "")


NONE = "kfp.local fails on None: Value must be one of the following types"
SELECTOR = "kfp.local ignores expression selectors on outputs of tasks"
LOOP_INPUT = "kfp.local hands the loop's item to a task for every other output that enters the loop"
ONE_OF_ARTIFACTS = "kfp.local fails on OneOf of artifacts: Expected 1 artifact in ArtifactSelectorSpec"
EVAL = "kfp.local pastes texts into Python source and evaluates it"
SETTINGS = "int=3 float=2.0 str='a' bool=False list=[1] dict={'a': 1.0} str='fast' Optimiser=<Optimiser.SGD: 'sgd'> "

CASES = [
    Case(
        parameters_of_every_type,
        {
            "Output": "int=3 float=2.0 str='it\\'s \"so\"\\n{{x}} 💃' bool=True list=[1, 2] dict={'a': 1.0} "
            "str='exact' Optimiser=<Optimiser.ADAM: 'adam'> "
            "Settings=Settings(epochs=3, rate=0.25, layers=[1, 2])"
        },
    ),
    Case(
        constants_of_every_type,
        {"Output": SETTINGS + "Settings=Settings(epochs=3, rate=0.5, layers=[])"},
    ),
    Case(none_inside_of_a_constant, {"Output": "Settings(epochs=3, rate=0.5, layers=None)"}, local=NONE),
    Case(results_of_a_dataclass, {"accuracy": 0.5, "name": "it"}),
    Case(results_of_a_named_tuple, {"train": "ab", "rows": 2}),
    Case(parts_of_a_value, {"Output": "milonga"}, local=SELECTOR),
    Case(fields_of_a_dataclass_value, {"Output": 0.0625}, local=SELECTOR),
    Case(optional_inputs, {"Output": 7}, local=NONE),
    Case(optional_inputs, {"Output": 0}, {"value": 0}, local=NONE, variant="given"),
    Case(none_for_an_input_with_another_default, {"Output": "None"}, local=NONE),
    Case(artifacts_between_tasks, {"Output": "abc (3)"}),
    Case(one_component_twice_with_artifacts, {"Output": "1|2"}),
    Case(one_component_three_times_with_parameters, {"Output": 112}),
    Case(a_class_of_the_authors_own, {"Output": "own"}),
    Case(metrics, {"Output": {"accuracy": 0.75}}),
    Case(a_folder_as_artifact, {"Output": ["a", "b"]}),
    Case(an_imported_artifact, {"Output": "imported"}, {"uri": "${TMP}/data.txt"}),
    Case(an_optional_artifact, {"Output": "nothing"}),
    Case(
        an_artifact_as_input,
        {"Output": "imported"},
        {"data": "${TMP}/data.txt"},
        local="kfp.local refuses artifacts as inputs of a pipeline",
    ),
    Case(after_by_value_and_by_name, {"Output": "123"}, {"path": "${TMP}/order.txt"}),
    Case(a_condition),
    Case(branches, {"Output": "twotwo"}),
    Case(branches, {"Output": "oneone"}, {"number": 1}, variant="first"),
    Case(branches, {"Output": "manymany"}, {"number": 9}, variant="else"),
    Case(branches_as_result, {"Output": "many"}),
    Case(joined_conditions, {"Output": ["yes", "yes", "yes", "yes", "yes", "no"]}),
    Case(a_bool_output_as_condition, {"Output": "yes"}),
    Case(text_with_quotes_in_a_condition, {"Output": "yes"}, local=EVAL),
    Case(text_that_looks_like_code, {"Output": "closed"}, local=EVAL),
    Case(a_list_input_that_contains, {"Output": "yes"}),
    Case(conditions_in_conditions, {"Output": "large"}),
    Case(a_part_in_a_condition, {"Output": "yes"}, local=SELECTOR),
    Case(branches_of_artifacts, {"Output": "one"}, local=ONE_OF_ARTIFACTS),
    Case(a_loop_over_constants, {"Output": 36}),
    Case(a_loop_over_an_output, {"Output": "aa!bb!cc"}),
    Case(a_loop_over_an_input, {"Output": 9}),
    Case(a_loop_over_parts, {"Output": "a-bb"}),
    Case(a_loop_of_collected_artifacts, {"Output": "a,b"}),
    Case(
        a_loop_over_collected_artifacts, {"Output": "a-b"}, local="kfp.local finds no outputs of a loop over artifacts"
    ),
    Case(a_loop_over_nothing, {"Output": 0}, local="kfp.local fails on a loop over an empty list"),
    Case(a_loop_in_a_loop, {"Output": [32, 34]}),
    Case(a_loop_over_a_part_of_an_outer_item, {"Output": [5, 4]}, local="kfp.local cannot loop over a part of an item"),
    Case(a_condition_in_a_loop, {"Output": 106}),
    Case(a_value_from_outside_of_a_loop, {"Output": 85}, local=LOOP_INPUT),
    Case(a_pipeline_in_a_pipeline, {"Output": 222}),
    Case(a_pipeline_in_a_loop, {"Output": 43}),
    Case(
        artifacts_through_a_pipeline,
        {"Output": "ab"},
        local="kfp.local drops an artifact that goes into a pipeline without parameters",
    ),
    Case(an_exit_task, {"Output": 2}, {"path": "${TMP}/status"}, files={"status": "SUCCEEDED False"}),
    Case(
        an_exit_task_after_a_failure,
        {},
        {"path": "${TMP}/status"},
        state="FAILED",
        files={"status": "FAILED True"},
    ),
    Case(a_retry, {"Output": "second"}, {"path": "${TMP}/tried"}),
    Case(an_environment_variable, {"Output": "3"}),
    Case(
        a_failure_that_is_ignored,
        {"Output": "went on"},
        state="FAILED",
        local="kfp.local drops the outputs of a pipeline whose failure was ignored",
    ),
]


def same(left: Any, right: Any) -> bool:
    """Equality that tells 1 from 1.0 from True."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)
