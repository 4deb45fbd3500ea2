"""Names for Argo."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.targets.argo.names import Names

WANTED = st.lists(st.text(max_size=90) | st.sampled_from(["a", "a-2", "a 2", "in", "In", "", "9", "-" * 70, "x" * 80]))


@given(WANTED, st.sampled_from(["-", "_"]), st.integers(8, 63))
def test_every_name_is_legal_and_given_once(wanted: list[str], separator: str, length_max: int) -> None:
    names = Names(separator, length_max)
    found = [names.add(name) for name in wanted]
    assert len(set(found)) == len(found)
    for name in found:
        assert re.fullmatch(rf"[A-Za-z][A-Za-z0-9{separator}]*", name) and len(name) <= length_max
        assert not name.endswith(separator)


@given(WANTED)
def test_the_same_names_are_given_in_the_same_order(wanted: list[str]) -> None:
    first, second = Names(), Names()
    assert [first.add(name) for name in wanted] == [second.add(name) for name in wanted]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("train", "train"),
        ("Train it", "Train-it"),
        ("train_it", "train-it"),
        ("9-lives", "t-9-lives"),
        ("", "t"),
        ("日本", "t"),
        ("in", "t-in"),
        ("NOT", "t-NOT"),
    ],
)
def test_a_name_stays_like_the_one_that_was_wanted(wanted: str, name: str) -> None:
    assert Names().add(wanted) == name


def test_no_name_is_a_word_of_the_language_of_depends() -> None:
    names = Names()
    for word in ("in", "not", "matches", "contains", "let", "true", "false", "nil", "and", "or", "if", "else"):
        assert names.add(word) == f"t-{word}"
