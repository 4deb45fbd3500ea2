"""Names for Argo."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.targets.argo.names import Names, object_name, pipeline_label

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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train", "train"),
        ("my_pipe", "my-pipe"),
        ("Train It", "train-it"),
        ("9", "t-9"),
        ("", "t"),
        ("x" * 52, "x" * 52),
    ],
)
def test_a_pipeline_gets_a_name_that_kubernetes_takes(name: str, expected: str) -> None:
    assert object_name(name) == expected


PIPELINES = st.text(max_size=80) | st.sampled_from(["\u6a21\u578b", "\u6570\u636e", "gr\u00f6\u00dfe", "gr-e"])


@given(PIPELINES)
def test_the_name_of_any_pipeline_is_short_enough_for_a_schedule(name: str) -> None:
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,50}[a-z0-9])?", object_name(name)) and object_name(name) == object_name(
        name
    )


@given(PIPELINES, PIPELINES)
def test_two_names_that_are_not_of_plain_ascii_do_not_meet(one: str, other: str) -> None:
    if one != other and not one.isascii():
        assert object_name(one) != object_name(other)


def test_two_long_names_that_begin_alike_do_not_meet() -> None:
    assert object_name("x" * 60 + "-train") != object_name("x" * 60 + "-evaluate")


@given(PIPELINES, PIPELINES)
def test_two_pipelines_have_two_labels_whatever_they_are_called(one: str, other: str) -> None:
    labels = pipeline_label(one), pipeline_label(other)
    assert (labels[0] == labels[1]) is (one == other)
    assert all(re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", label) for label in labels)
