# ruff: noqa: UP007, UP045 - authors write Optional[int] as often as int | None
"""Parameter types: what an annotation lets through, and that a value survives its way through JSON."""

import enum
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.dsl import TaskFinalStatus
from milonga.dsl.parameters import INTEGER_LIMIT, infer_schema, parameter_schema, parse_argument, spell, to_json


class Mode(enum.Enum):
    FAST = "fast"
    EXACT = "exact"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Layer:
    units: int
    mode: Mode = Mode.FAST


@dataclass(frozen=True)
class Settings:
    rate: float
    layers: list[Layer] = field(default_factory=list)
    by_name: dict[str, Layer] = field(default_factory=dict)
    note: Optional[str] = None


WHOLE = st.integers(-INTEGER_LIMIT, INTEGER_LIMIT)
FRACTION = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | FRACTION | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
LAYER = st.builds(Layer, WHOLE, st.sampled_from(Mode))
SETTINGS = st.builds(
    Settings,
    FRACTION,
    st.lists(LAYER, max_size=2),
    st.dictionaries(st.text(), LAYER, max_size=2),
    st.none() | st.text(),
)
TYPED = st.one_of(
    st.tuples(st.just(int), WHOLE),
    st.tuples(st.just(float), FRACTION),
    st.tuples(st.just(str), st.text()),
    st.tuples(st.just(bool), st.booleans()),
    st.tuples(st.just(list), st.lists(JSON, max_size=3)),
    st.tuples(st.just(dict), st.dictionaries(st.text(), JSON, max_size=3)),
    st.tuples(st.just(list[int]), st.lists(WHOLE, max_size=3)),
    st.tuples(st.just(dict[str, float]), st.dictionaries(st.text(), FRACTION, max_size=3)),
    st.tuples(st.just(list[dict[str, list[int]]]), st.lists(st.dictionaries(st.text(), st.lists(WHOLE)), max_size=2)),
    st.tuples(st.just(Literal["a", "b"]), st.sampled_from(["a", "b"])),
    st.tuples(st.just(Literal[1, 2]), st.sampled_from([1, 2])),
    st.tuples(st.just(Mode), st.sampled_from(Mode)),
    st.tuples(st.just(Level), st.sampled_from(Level)),
    st.tuples(st.just(Optional[int]), st.none() | WHOLE),
    st.tuples(st.just(list[Optional[str]]), st.lists(st.none() | st.text(), max_size=3)),
    st.tuples(st.just(Annotated[int, "units"]), WHOLE),
    st.tuples(st.just(Layer), LAYER),
    st.tuples(st.just(Settings), SETTINGS),
    st.tuples(st.just(list[Layer]), st.lists(LAYER, max_size=2)),
    st.tuples(st.just(Optional[Settings]), st.none() | SETTINGS),
)


def schema_of(annotation: Any):
    schema = parameter_schema(annotation)
    assert schema is not None
    return schema


@given(TYPED)
def test_a_value_survives_its_way_through_json(typed):
    annotation, value = typed
    schema = schema_of(annotation)
    sent = json.loads(json.dumps(schema.encode(value), allow_nan=False))
    back = schema.decode(sent)
    assert back == value
    assert type(back) is type(value)


@given(TYPED)
def test_a_value_survives_a_back_end_that_makes_doubles_of_all_numbers(typed):
    annotation, value = typed
    if annotation in (list, dict):
        return  # undeclared items: nobody knows which were whole
    schema = schema_of(annotation)
    back = schema.decode(doubled(schema.encode(value)))
    assert back == value
    assert repr(back) == repr(value)


def doubled(value: Any) -> Any:
    """What protobuf's Struct makes of a JSON value."""
    if isinstance(value, dict):
        return {key: doubled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [doubled(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(JSON)
def test_a_json_value_is_its_own_json_form(value):
    assert to_json(value) == value
    if value is not None:
        schema = infer_schema(value)
        assert schema is not None
        assert schema.encode(value) == value


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "NUMBER_INTEGER"),
        (float, "NUMBER_DOUBLE"),
        (str, "STRING"),
        (bool, "BOOLEAN"),
        (list, "LIST"),
        (dict, "STRUCT"),
        (Sequence[int], "LIST"),
        (Mapping[str, int], "STRUCT"),
        (Literal["a", "b"], "STRING"),
        (Literal[1, 2], "NUMBER_INTEGER"),
        (Mode, "STRING"),
        (Level, "NUMBER_INTEGER"),
        (Layer, "STRUCT"),
        (TaskFinalStatus, "TASK_FINAL_STATUS"),
        (Optional[float], "NUMBER_DOUBLE"),
        (int | None, "NUMBER_INTEGER"),
        (list[Any], "LIST"),
        (list[int | str], "LIST"),
        (dict[str, Any], "STRUCT"),
        (dict[Any, Any], "STRUCT"),
    ],
)
def test_kfps_type_of_an_annotation(annotation, kind):
    assert schema_of(annotation).kind == kind


@pytest.mark.parametrize(
    "annotation",
    [
        set, bytes, tuple, object, complex, Any, Union[int, str], Optional[Union[int, str]], list[bytes], list[set],
        dict[int, str], dict[str, bytes], Literal["a", 1], type, list[list[bytes]], Optional[bytes],
    ],
)  # fmt: skip
def test_what_is_no_parameter_type(annotation):
    assert parameter_schema(annotation) is None


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "1"), (int, 1.0), (int, True), (int, None), (int, INTEGER_LIMIT + 1), (int, -INTEGER_LIMIT - 1),
        (float, "1"), (float, True), (float, math.nan), (float, math.inf), (float, None), (float, 1j),
        (str, 1), (str, b"a"), (str, None), (bool, 1), (bool, "true"), (bool, None),
        (list, "abc"), (list, {"a": 1}), (list, b"a"), (list, {1}), (list, [object()]), (list[int], [1, "2"]),
        (list[int], [1.5]), (dict, [1]), (dict, {1: 2}), (dict, {"a": object()}), (dict[str, int], {"a": "b"}),
        (dict, {"a": math.nan}), (list, [math.inf]), (list, [2**60]),
        (Literal["a"], "b"), (Literal[1], "1"), (Mode, "slow"), (Layer, 3), (Optional[int], "x"),
        (list[Optional[int]], ["x"]), (list[Layer], [1]),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name(annotation, value):
    with pytest.raises((TypeError, ValueError)) as raised:
        schema_of(annotation).encode(value)
    assert str(raised.value)


def test_the_refusal_shows_value_and_type_and_stays_short():
    with pytest.raises(TypeError, match=r"'a' \(str\) is not int"):
        schema_of(int).encode("a")
    with pytest.raises(TypeError) as raised:
        schema_of(int).encode("a" * 10_000)
    assert len(str(raised.value)) < 200


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    assert schema_of(int).encode(numpy.int64(3)) == 3
    assert type(schema_of(int).encode(numpy.int64(3))) is int
    assert schema_of(float).encode(numpy.float32(0.5)) == 0.5
    assert schema_of(bool).encode(numpy.bool_(True)) is True
    assert json.dumps(schema_of(dict).encode({"a": [numpy.int8(1), numpy.float64(2.5), numpy.bool_(False)]}))


def test_a_whole_number_may_stand_for_a_fraction_and_comes_back_as_one():
    schema = schema_of(float)
    assert type(schema.encode(3)) is float
    assert type(schema.decode(3)) is float


def test_a_member_or_its_value_may_stand_for_an_enum():
    schema = schema_of(Mode)
    assert schema.encode(Mode.FAST) == schema.encode("fast") == "fast"
    assert schema.decode("fast") is Mode.FAST
    assert schema.literals == ("fast", "exact")


def test_fields_that_a_dataclass_has_not_are_refused():
    with pytest.raises(ValueError, match="Layer has no field 'unit'"):
        schema_of(Layer).decode({"units": 1, "unit": 2})


def test_a_mapping_for_a_dataclass_must_have_its_fields():
    schema = schema_of(Layer)
    assert schema.encode({"units": 3}) == {"units": 3}
    with pytest.raises(ValueError, match="Layer has no field 'unit'"):
        schema.encode({"units": 1, "unit": 3})
    with pytest.raises(ValueError, match="misses its field 'units'"):
        schema.encode({})


def test_fields_of_a_dataclass_are_checked():
    with pytest.raises((TypeError, ValueError)):
        schema_of(Layer).encode(Layer(units="many"))  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        schema_of(Settings).encode(Settings(0.5, layers=[Layer("x")]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "given", "reason"),
    [
        (int, int, None),
        (float, int, None),
        (int, float, "float is not int"),
        (str, int, "int is not str"),
        (Optional[int], int, None),
        (int, Optional[int], "may be None"),
        (list, list[int], None),
        (list[int], list, None),
        (list[float], list[int], None),
        (list[int], list[str], "str is not int"),
        (dict[str, int], dict[str, str], "str is not int"),
        (Literal["a", "b"], Literal["a"], None),
        (Literal["a"], Literal["a", "b"], "allows more values"),
        (Literal["a"], str, "allows more values"),
        (str, Literal["a"], None),
        (Mode, Mode, None),
        (str, Mode, None),
        (dict, Layer, None),
    ],
)
def test_which_type_may_stand_for_which(wanted, given, reason):
    found = schema_of(wanted).accepts(schema_of(given))
    assert (found is None) if reason is None else (found is not None and reason in found)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, "3", 3),
        (float, "3", 3.0),
        (float, "1e-3", 0.001),
        (str, "3", "3"),
        (str, "null", "null"),
        (bool, "yes", True),
        (bool, "FALSE", False),
        (list, "[1, 2]", [1, 2]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Literal["a", "b"], "b", "b"),
        (Mode, "exact", "exact"),
        (Optional[int], "none", None),
        (Optional[str], "x", "x"),
        (Layer, '{"units": 3}', {"units": 3}),
    ],
)
def test_text_of_a_command_line_becomes_a_value(annotation, text, value):
    found = parse_argument(schema_of(annotation), text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [(int, "x"), (int, "1.5"), (int, ""), (int, "true"), (bool, "maybe"), (list, "1"), (list, "[1"), (Mode, "slow"),
     (dict, "[]"), (float, "NaN"), (float, "Infinity"), (int, "null"), (list[int], '["a"]')],
)  # fmt: skip
def test_text_that_is_no_value_is_refused(annotation, text):
    with pytest.raises((ValueError, TypeError)):
        parse_argument(schema_of(annotation), text)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [(int, "int"), (None, "None"), (list[int], "list[int]"), (Optional[str], "Optional[str]"), (Mode, "Mode"),
     (Literal["a"], "Literal['a']"), (dict[str, Layer], "dict[str, Layer]"), (Sequence[int], "Sequence[int]")],
)  # fmt: skip
def test_a_type_is_spelled_as_its_author_would(annotation, text):
    assert spell(annotation) == text
