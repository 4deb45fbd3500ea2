from typing import Any

import pytest

from milonga.components.tuning.space import DEFAULT_SPACE, Parameter, parse_space
from milonga.errors import UsageError

RATE = {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True}


def test_no_space_is_the_default_one() -> None:
    assert {parameter.name for parameter in parse_space(None)} == {parameter.name for parameter in DEFAULT_SPACE}


def test_the_default_space_is_one_that_a_user_could_write() -> None:
    written = {
        item.name: {key: value for key, value in item.to_json().items() if key != "name"} for item in DEFAULT_SPACE
    }
    assert parse_space(written) == parse_space(None)


def test_a_space_is_read_in_any_order_and_from_floats() -> None:
    batch = {"kind": "int", "low": 16.0, "high": 64.0, "step": 16.0}  # numbers that passed through KFP's Struct
    space = parse_space({"learning_rate": RATE, "batch_size": batch})
    assert [parameter.name for parameter in space] == ["batch_size", "learning_rate"]
    assert space == parse_space({"batch_size": batch, "learning_rate": RATE})
    assert isinstance(space[0].low, int)


@pytest.mark.parametrize(
    ("space", "where"),
    [
        ({}, "space"),
        ({"learning_rate": 0.1}, "space.learning_rate"),
        ({"learning_rate": {"low": 0.1, "high": 1.0}}, "space.learning_rate.kind"),
        ({"learning_rate": {**RATE, "kind": "double"}}, "space.learning_rate.kind"),
        ({"learning_rate": {**RATE, "hihg": 1}}, "space.learning_rate.hihg"),
        ({"learning_rate": {**RATE, "low": 0.1}}, "space.learning_rate"),
        ({"learning_rate": {**RATE, "high": 100.0}}, "space.learning_rate.high"),
        ({"learning_rate": {**RATE, "low": None}}, "space.learning_rate.low"),
        ({"learning_rate": {**RATE, "log": "yes"}}, "space.learning_rate.log"),
        ({"learning_rate": {**RATE, "step": 0.1}}, "space.learning_rate.step"),
        ({"weight_decay": {"kind": "float", "low": 0.0, "high": 1.0, "log": True}}, "space.weight_decay.low"),
        ({"weight_decay": {"kind": "float", "low": 0.0, "high": 1.0, "step": 0.3}}, "space.weight_decay.step"),
        ({"weight_decay": {"kind": "float", "low": 0.0, "high": 1.0, "choices": [1]}}, "space.weight_decay.choices"),
        ({"batch_size": {"kind": "int", "low": 16, "high": 64, "step": 0.5}}, "space.batch_size.step"),
        ({"batch_size": {"kind": "int", "low": 16, "high": 64, "step": float("nan")}}, "space.batch_size.step"),
        ({"batch_size": {"kind": "float", "low": 16, "high": 64}}, "space.batch_size.kind"),
        ({"augment": {"kind": "int", "low": 1, "high": 2}}, "space.augment.kind"),
        ({"augment": {"kind": "categorical", "choices": ["none"]}}, "space.augment.choices"),
        ({"augment": {"kind": "categorical", "choices": ["none", "mixup"]}}, "space.augment.choices"),
        ({"batch_size": {"kind": "categorical", "choices": [32, 32.0]}}, "space.batch_size.choices"),
        ({"augment": {"kind": "categorical", "choices": ["none", "shift"], "low": 1}}, "space.augment.low"),
        ({"epochs": {"kind": "int", "low": 1, "high": 9}}, "space.epochs"),
    ],
)
def test_a_wrong_space_is_refused_at_its_place(space: dict[str, Any], where: str) -> None:
    with pytest.raises(UsageError) as reason:
        parse_space(space)
    assert (reason.value.code, reason.value.where) == ("E962", where)


def test_an_unknown_name_and_member_come_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'learning_rate'") as reason:
        parse_space({"learningrate": RATE})
    assert reason.value.code == "E960"
    with pytest.raises(UsageError, match="did you mean 'high'"):
        parse_space({"learning_rate": {**RATE, "hihg": 1}})


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (Parameter("learning_rate", "float", low=0.01, high=0.1, log=True), 0.003, 0.01),
        (Parameter("learning_rate", "float", low=0.001, high=0.1), 0.003, 0.003),
        (Parameter("batch_size", "int", low=16, high=112, step=32), 60, 48),
        (Parameter("batch_size", "int", low=16, high=48), 64, 48),
        (Parameter("augment", "categorical", choices=("none", "flip")), "shift", "none"),
        (Parameter("augment", "categorical", choices=("none", "shift")), "shift", "shift"),
    ],
)
def test_the_nearest_value_lies_in_the_parameter(parameter: Parameter, value: Any, expected: Any) -> None:
    assert parameter.nearest(value) == expected
    assert type(parameter.nearest(value)) is type(expected)
