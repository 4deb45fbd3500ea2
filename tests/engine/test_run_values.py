"""Values keep their types and their text on the way through a run, in both modes."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, Literal, NamedTuple

import pytest

from milonga import component, pipeline

HOSTILE = [
    "",
    "it's",
    '"',
    "' or True or '",
    '") || true || ("',
    "{{$.inputs.parameters['x']}}",
    "{{inputs.parameters.x}}",
    "{0}{}%s%(x)s$HOME$(id)`id`",
    "line\nbreak\r\n\ttab",
    "back\\slash \\n \\u0041",
    "\x00\x01\x1b[31m",
    "ñ 漢字 🎶 \u202e\u2028",
    "\ud800 a lone surrogate \udfff",
    "- yaml: [1, 2]\n# no comment",
    "null",
    "1.0",
    "</script><img src=x>",
]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Mixed(NamedTuple):
    whole: int
    part: float
    text: str
    flag: bool
    items: list[int]
    table: dict[str, int]


@component
def types_of(
    whole: int, part: float, text: str, flag: bool, items: list[int], table: dict[str, int], deep: dict[str, Any]
) -> Mixed:
    assert [type(value) for value in (whole, part, text, flag, items, table)] == [int, float, str, bool, list, dict]
    assert all(type(item) is int for item in [*items, *table.values()])
    assert type(deep["a"][0]["b"]) is int and type(deep["a"][1]) is float and deep["a"][2] is None
    return Mixed(whole, part, text, flag, items, table)


@component
def total(items: list[int], table: dict[str, int]) -> int:
    return sum(items) + sum(table.values())


@pipeline
def mixed(
    whole: int, part: float, text: str, flag: bool, items: list[int], table: dict[str, int], deep: dict[str, Any]
) -> int:
    made = types_of(whole, part, text, flag, items, table, deep)
    return total(made.items, made.table)


def test_every_json_type_arrives_as_itself(play_both) -> None:
    deep = {"a": [{"b": 1}, 1.0, None]}
    arguments = {"whole": 2**53 - 1, "part": 3, "text": "7", "flag": False, "items": [1, 2], "table": {"k": 4}}
    result = play_both(mixed, {**arguments, "deep": deep}).raise_for_state()
    assert result.outputs == {"Output": 7} and type(result.outputs["Output"]) is int
    made = result.tasks["types-of"].outputs
    assert made == {"whole": 2**53 - 1, "part": 3.0, "text": "7", "flag": False, "items": [1, 2], "table": {"k": 4}}
    assert type(made["part"]) is float and type(made["items"][0]) is int


@component
def echo(text: str) -> str:
    return text


@component
def same(left: str, right: str) -> bool:
    return left == right


@pipeline
def echo_twice(text: str) -> bool:
    return same(echo(echo(text)), text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_is_only_text(play, text: str) -> None:
    result = play(echo_twice, {"text": text}, mode="in-process").raise_for_state()
    assert result.outputs == {"Output": True}
    assert result.tasks["echo-2"].outputs == {"Output": text}


@component
def echo_all(texts: list[str]) -> list[str]:
    return [echo(text) for text in texts]


@pipeline
def echo_list(texts: list[str]) -> list[str]:
    return echo_all(texts)


def test_hostile_text_crosses_process_borders(play) -> None:
    assert play(echo_list, {"texts": HOSTILE}).raise_for_state().outputs == {"Output": HOSTILE}


@component
def describe(colour: Colour, size: Literal["s", "m"], point: Point, name: str | None = None) -> str:
    assert isinstance(colour, Colour) and isinstance(point, Point)
    return f"{colour.name} {size} {point.x + point.y} {name}"


@pipeline
def described(colour: Colour, point: Point, name: str | None = None) -> str:
    return describe(colour, "m", point, name)


def test_enums_literals_dataclasses_and_none(play_both) -> None:
    result = play_both(described, {"colour": Colour.BLUE, "point": Point(1, 0.5)}).raise_for_state()
    assert result.outputs["Output"] == "BLUE m 1.5 None"
    result = play_both(described, {"colour": "red", "point": {"x": 1, "y": 2}, "name": "n"}).raise_for_state()
    assert result.outputs["Output"] == "RED m 3.0 n"


@component
def falsy(number: int = 0, text: str = "", flag: bool = False, items: list[int] = [], maybe: int | None = 0) -> str:  # noqa: B006
    return repr((number, text, flag, items, maybe))


@pipeline
def falsy_values() -> str:
    return falsy(0, "", False, [], 0)


@pipeline
def falsy_defaults() -> str:
    return falsy()


def test_zero_empty_and_false_are_values(play_both) -> None:
    for target in (falsy_values, falsy_defaults):
        assert play_both(target).raise_for_state().outputs["Output"] == "(0, '', False, [], 0)"


@component
def maybe_none(give: bool) -> int | None:
    return 5 if give else None


@component
def take_maybe(value: int | None = 7) -> str:
    return repr(value)


@pipeline
def optional_between(give: bool) -> str:
    return take_maybe(maybe_none(give))


def test_an_output_may_be_none_which_leaves_a_default_standing(play_both) -> None:
    """As on KFP, where None is an output that was not written."""
    assert play_both(optional_between, {"give": True}).raise_for_state().outputs["Output"] == "5"
    assert play_both(optional_between, {"give": False}).raise_for_state().outputs["Output"] == "7"


@component
def make_pair() -> dict[str, Any]:
    return {"n": 3, "inner": {"z": "deep"}}


@pipeline
def parts() -> str:
    pair = make_pair()
    return echo(pair["inner"]["z"])


def test_a_part_of_a_dict_is_selected(play_both) -> None:
    assert play_both(parts).raise_for_state().outputs["Output"] == "deep"


@pytest.mark.slow
def test_a_big_parameter_travels(play) -> None:
    text = "x" * 12_000_000
    result = play(echo_pipeline, {"text": text}).raise_for_state()
    assert result.outputs["Output"] == text


@pipeline
def echo_pipeline(text: str) -> str:
    return echo(text)


@component
def bad_number(kind: str) -> float:
    return {"nan": float("nan"), "inf": float("inf")}[kind]


@pipeline
def bad_numbers(kind: str) -> float:
    return bad_number(kind)


@pytest.mark.parametrize("kind", ["nan", "inf"])
def test_a_number_without_json_form_is_refused_where_it_is_made(play_both, kind: str) -> None:
    result = play_both(bad_numbers, {"kind": kind})
    assert result.state == "FAILED" and result.tasks["bad-number"].error["code"] == "E412"
