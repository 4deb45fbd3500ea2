"""How a fault is written, which tasks it is for, and what is said about one that is not understood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.engine.faults.kinds import FAULTS, parse_faults
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.task_pattern import TaskPattern
from milonga.errors import UsageError

GOOD = [
    "kill:train",
    "kill:train:2",
    "kill:train:*",
    "kill:train:1:500ms",
    "oom:train",
    "oom:for-loop-1[3]/train:2",
    "fail:fetch:2",
    "delay:task:3s",
    "delay:task:0.5m:2",
    "lose:model",
    "lose:train.model",
    "lose:*/train.*",
    "corrupt:model",
    "full:**",
    "crash:train",
    "crash:train:before",
    "crash:train:after",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_fault_knows_how_it_was_written(text: str) -> None:
    (fault,) = parse_faults([text])
    assert fault.text == text and fault.name == text.partition(":")[0]


def test_every_kind_is_written_as_it_says() -> None:
    assert set(FAULTS) == {text.partition(":")[0] for text in GOOD}
    for kind in FAULTS.values():
        assert kind.form.startswith(f"{kind.name}:") and kind.meaning


def test_the_same_fault_twice_is_one() -> None:
    assert len(parse_faults(["kill:train", "fail:fetch", "kill:train"])) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a part of it is missing"),
        ("kill", "a part of it is missing"),
        ("kill:", "a part of it is missing"),
        (":train", "a part of it is missing"),
        ("kill:train:", "a part of it is missing"),
        ("kil:train", "did you mean 'kill'?"),
        ("explode:train", "kill, oom, fail"),
        ("kill:train:0", "'0' is no number of attempts"),
        ("kill:train:-1", "'-1' is no number of attempts"),
        ("kill:train:two", "'two' is no number of attempts"),
        ("kill:train:²", "'²' is no number of attempts"),
        ("kill:train:99999999999999999999", "is no number of attempts"),
        ("kill:train:1:soon", "'soon' is no duration"),
        ("kill:train:1:1s:2", "'2' is one part too many"),
        ("delay:train", "'' is no duration"),
        ("delay:train:3", "'3' is no duration"),
        ("delay:train:1e9s", "'1e9s' is no duration"),
        ("delay:train:9999h", "'9999h' is no duration"),
        ("lose:model:2", "'2' is one part too many"),
        ("full:train:2", "'2' is one part too many"),
        ("crash:train:during", "'during' is no moment of a task"),
    ],
)
def test_a_fault_that_is_not_understood_is_one_clear_error(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_faults(["kill:train", text])
    assert caught.value.code == "E965" and said in str(caught.value) and caught.value.got == text


@given(st.text(max_size=40))
def test_any_text_is_a_fault_or_that_error(text: str) -> None:
    for kind in FAULTS:
        try:
            (fault,) = parse_faults([f"{kind}:{text}"])
        except UsageError as error:
            assert error.code == "E965"
        else:
            assert fault.text == f"{kind}:{text}"


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("train", "train", True),
        ("train", "train-2", False),
        ("train*", "train-2", True),
        ("train", "for-loop-1[0]/train", True),
        ("train", "for-loop-1[0]/condition-2/train", True),
        ("train", "train[3]", True),
        ("train[3]", "train[3]", True),
        ("train[3]", "train[4]", False),
        ("for-loop-1/train", "for-loop-1[7]/train", True),
        ("for-loop-1[7]/train", "for-loop-1[7]/train", True),
        ("for-loop-1[7]/train", "for-loop-1[8]/train", False),
        ("for-loop-*/train", "for-loop-1[7]/train", True),
        ("*/train", "for-loop-1[7]/inner/train", False),
        ("**/train", "for-loop-1[7]/inner/train", True),
        ("fetch_data", "fetch-data", True),
        ("f?tch", "fetch", True),
        ("f.tch", "fetch", False),
        ("a?b", "a:b", True),
        ("(", "(", True),
    ],
)
def test_which_tasks_a_pattern_means(pattern: str, path: str, is_meant: bool) -> None:
    assert TaskPattern(pattern).matches(path) is is_meant


@given(st.text(st.characters(exclude_characters="*?/_", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_name_without_wildcards_means_itself(name: str) -> None:
    assert TaskPattern(name).matches(name) or re.search(r"\[\d+\]", name)
    assert not TaskPattern(name).matches(name + "x") and not TaskPattern(f"x{name}").matches(name)


def test_blanks_around_parts_do_not_count() -> None:
    assert FaultSpec.split(" kill : train : 2 ") == FaultSpec(" kill : train : 2 ", "kill", "train", ("2",))
