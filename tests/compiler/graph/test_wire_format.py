"""Frozen dataclasses from and to JSON: what is there stays, what is unknown is refused by its path."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.graph import InputParameter, RuntimeValue, wire
from milonga.errors import InvalidPipeline


@dataclass(frozen=True, slots=True)
class Leaf:
    size_mib: int
    ratio: float | None = None
    content: Any = None
    tag: str | None = wire.field("@tag")


@dataclass(frozen=True, slots=True)
class Tree:
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] | None = None
    by_name: Mapping[str, Leaf] | None = None
    settings: Mapping[str, Any] | None = None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
LEAVES = st.fixed_dictionaries(
    {"sizeMib": st.integers()},
    optional={"ratio": st.floats(allow_nan=False, allow_infinity=False), "content": JSON, "@tag": st.text()},
)
TREES = st.fixed_dictionaries(
    {},
    optional={
        "leaf": LEAVES,
        "leaves": st.lists(LEAVES, max_size=2),
        "byName": st.dictionaries(st.text(), LEAVES, max_size=2),
        "settings": st.dictionaries(st.text(), JSON, max_size=2),
    },
)


@given(TREES)
def test_what_is_loaded_is_dumped_again(document):
    assert wire.dump(wire.load(Tree, document)) == document


@given(TREES)
def test_equal_documents_are_equal_objects(document):
    assert wire.load(Tree, document) == wire.load(Tree, document)


def test_an_absent_value_and_a_null_are_two_things():
    absent, null = wire.load(Leaf, {"sizeMib": 1}), wire.load(Leaf, {"sizeMib": 1, "content": None})
    assert absent.content is None
    assert null.content is wire.NULL
    assert absent != null
    assert wire.dump(absent) == {"sizeMib": 1}
    assert wire.dump(null) == {"sizeMib": 1, "content": None}


def test_a_null_constant_and_a_null_default_are_kept():
    assert wire.dump(wire.load(RuntimeValue, {"constant": None})) == {"constant": None}
    assert wire.dump(wire.load(InputParameter, {"defaultValue": None})) == {"defaultValue": None}


def test_null_is_one_object_in_every_process():
    assert pickle.loads(pickle.dumps(wire.NULL)) is wire.NULL
    assert wire.plain(wire.NULL) is None
    assert wire.plain(0) == 0
    assert not wire.NULL


def test_empty_objects_are_kept():
    document = {"leaves": [], "byName": {}, "settings": {"a": {}, "b": []}}
    assert wire.dump(wire.load(Tree, document)) == document


def test_an_unknown_key_names_its_object_and_the_nearest_key():
    with pytest.raises(InvalidPipeline) as raised:
        wire.load(Tree, {"byName": {"oak": {"sizeMib": 1, "ration": 2.0}}})
    assert (raised.value.code, raised.value.where) == ("E202", "byName.oak")
    assert raised.value.hint == "did you mean 'ratio'?"


def test_an_unknown_key_like_no_other_lists_the_known_keys():
    with pytest.raises(InvalidPipeline) as raised:
        wire.load(Tree, {"zzz": 1})
    assert raised.value.where == "document"
    assert raised.value.hint == "known keys: byName, leaf, leaves, settings"


def test_a_missing_key_is_named():
    with pytest.raises(InvalidPipeline, match="missing key 'sizeMib'") as raised:
        wire.load(Tree, {"leaves": [{"sizeMib": 1}, {}]})
    assert (raised.value.code, raised.value.where) == ("E203", "leaves[1]")


@pytest.mark.parametrize(
    ("document", "where", "expected"),
    [
        ([], "document", "an object"),
        ({"leaf": {"sizeMib": "1"}}, "leaf.sizeMib", "a whole number"),
        ({"leaf": {"sizeMib": True}}, "leaf.sizeMib", "a whole number"),
        ({"leaf": {"sizeMib": 1.5}}, "leaf.sizeMib", "a whole number"),
        ({"leaf": {"sizeMib": 1, "ratio": "x"}}, "leaf.ratio", "a number"),
        ({"leaf": {"sizeMib": 1, "ratio": None}}, "leaf.ratio", "a number"),
        ({"leaf": {"sizeMib": 1, "@tag": 3}}, "leaf.@tag", "text"),
        ({"leaf": None}, "leaf", "an object"),
        ({"leaves": {}}, "leaves", "a list"),
        ({"byName": []}, "byName", "an object"),
        ({"byName": {1: {}}}, "byName", "a text key"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_path(document, where, expected):
    with pytest.raises(InvalidPipeline) as raised:
        wire.load(Tree, document)
    assert (raised.value.code, raised.value.where, raised.value.expected) == ("E201", where, expected)


def test_what_has_no_json_form_is_refused():
    with pytest.raises(TypeError, match="no JSON form"):
        wire.dump(Leaf(1, content=object()))


def test_names_become_camel_case():
    assert wire.camel_case("max_retry_count") == "maxRetryCount"
