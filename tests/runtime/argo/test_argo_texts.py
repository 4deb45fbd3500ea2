"""Values as text that Argo and Kubernetes leave as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hostile_texts import TEXTS
from hypothesis import given
from hypothesis import strategies as st
from paper_expressions import evaluated, json_of

from milonga.runtime.argo.layout import object_key
from milonga.runtime.argo.text import escaped_json, literal, made_safe, tag

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters())
VALUES = st.recursive(
    SCALARS | st.text("{}$()'\"\\u07b4", max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("{}$ab", max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_comes_back_from_its_text(value: Any) -> None:
    assert json.loads(escaped_json(value)) == value


@given(VALUES)
def test_the_text_holds_nothing_that_is_replaced_on_the_way(value: Any) -> None:
    text = escaped_json(value)
    assert "{{" not in text and "$" not in text and text.isascii()


@pytest.mark.parametrize("value", [{"{{": "}}"}, "\\{{", "\\\\{{{", "${{x}}$", "\\u007b{{", ["$(HOME)", "$$"], "{{{{{"])
def test_braces_and_dollars_beside_backslashes_come_back(value: Any) -> None:
    assert json.loads(escaped_json(value)) == value
    assert "{{" not in escaped_json(value) and "$" not in escaped_json(value)


def test_hostile_texts_come_back() -> None:
    for text in TEXTS:
        assert json.loads(escaped_json(text)) == text
        assert json.loads(escaped_json({text: [text]})) == {text: [text]}


@given(st.text())
def test_a_literal_has_no_braces_and_means_the_text(text: str) -> None:
    made = literal(text)
    assert "{" not in made and "}" not in made and made.isascii()
    assert evaluated(made, {}) == text


@given(st.text())
def test_a_literal_ends_where_it_ends(text: str) -> None:
    assert re.fullmatch(r"'(?:[^'\\\n]|\\.)*'", literal(text))
    assert tag(literal(text)).index("}}") == len(tag(literal(text))) - 2


@given(VALUES)
def test_what_argo_has_written_itself_is_made_safe_again(value: Any) -> None:
    """`fromJSON` undoes the escapes, `toJson` does not bring them back: not by itself."""
    text = evaluated(made_safe("toJson(value)"), {"value": value})
    assert "{{" not in text and "$" not in text
    assert json.loads(text) == json.loads(json_of(value))


def test_the_key_of_an_object_names_step_object_and_iterations() -> None:
    assert object_key("train", "r", ()) == "train/r.tgz"
    assert object_key("train", "a-model", (0, 3)) == "train/a-model/0/3.tgz"
