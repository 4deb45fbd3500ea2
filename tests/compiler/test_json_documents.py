"""Pipeline files that are JSON are read as JSON, and mean what they would mean as YAML."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.documents import parse_documents
from milonga.compiler.json_documents import dump_json_documents, json_documents
from milonga.errors import InvalidPipeline

texts = st.text(st.characters(codec=None), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
documents = st.lists(st.dictionaries(texts, values, max_size=4), min_size=1, max_size=3).map(tuple)


@given(documents)
def test_what_is_written_is_read_again(found: tuple[dict, ...]) -> None:
    assert parse_documents(dump_json_documents(found)) == found


@given(documents)
def test_equal_documents_are_equal_bytes(found: tuple[dict, ...]) -> None:
    turned = tuple(dict(reversed(document.items())) for document in found)
    assert dump_json_documents(found) == dump_json_documents(turned)


@pytest.mark.parametrize(
    "text", ["a: 1\n", "# {\n{a: 1}", "{a: 1}", '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": 1} x', ""]
)
def test_anything_else_is_left_to_the_reader_of_yaml(text: str) -> None:
    assert json_documents(text) is None


def test_a_key_that_stands_twice_is_refused_as_in_yaml() -> None:
    with pytest.raises(InvalidPipeline, match="E200"):
        parse_documents('{"pipelineInfo": {}, "pipelineInfo": {}}')


def test_numbers_are_those_of_json() -> None:
    (found,) = parse_documents('{"a": 1e3, "b": 1.0, "c": 10, "d": "1e3"}')
    assert found == {"a": 1000.0, "b": 1.0, "c": 10, "d": "1e3"} and isinstance(found["c"], int)


def test_a_line_of_dashes_inside_a_value_is_no_border() -> None:
    document = {"text": "a\n---\nb"}
    assert parse_documents(json.dumps(document)) == (document,)


def test_what_is_nested_too_deeply_is_one_clear_error() -> None:
    with pytest.raises(InvalidPipeline, match="E200"):
        parse_documents('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
