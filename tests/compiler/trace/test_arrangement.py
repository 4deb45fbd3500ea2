"""Statements of cells are put in an order that works and that only they decide."""

import random
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.compiler.trace.arrangement import arrange
from milonga.compiler.trace.statements import ModuleText, used_names


def arranged(text: str, seed: int = 0) -> str:
    statements = list(ModuleText(textwrap.dedent(text)).statements)
    names = {name for statement in statements for name in statement.binds}
    providers = {name: [item for item in statements if name in item.binds] for name in names}
    shuffled = random.Random(seed).sample(statements, len(statements))
    uses = [used_names(statement.node) & names for statement in shuffled]
    return "".join(statement.text for statement in arrange(shuffled, uses, providers))


def test_what_is_needed_at_once_stands_before():
    text = arranged("class B(A):\n    pass\nclass A:\n    def make(self):\n        return B()\nX = B().make()\n")
    names: dict = {}
    exec(text, names)
    assert type(names["X"]).__name__ == "B"


def test_a_call_stands_after_all_that_it_will_call():
    text = """
    X = even(4)
    def even(n): return n == 0 or odd(n - 1)
    def odd(n): return n != 0 and even(n - 1)
    """
    for seed in range(5):
        names: dict = {}
        exec(arranged(text, seed), names)
        assert names["X"] is True


def test_a_circle_that_no_order_can_mend_is_still_an_order():
    assert sorted(arranged("A = B\nB = A\n").splitlines()) == ["A = B", "B = A"]


@pytest.mark.slow
def test_ten_thousand_statements_in_a_chain():
    text = "\n".join(f"def f{number}(): return f{number + 1}()" for number in range(3000)) + "\ndef f3000(): return 1"
    assert arranged(text).splitlines()[0] == "def f3000(): return 1"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=1, max_size=8), st.integers(0, 100))
def test_the_order_is_that_of_the_statements_and_every_need_at_once_is_met(needs, seed):
    lines = [
        f"V{number} = [{', '.join(f'V{need}' for need in wanted if need < number)}]"
        for number, wanted in enumerate(needs)
    ]
    text = arranged("\n".join(lines), seed)
    assert text == arranged("\n".join(lines), seed + 1)
    exec(text, {})
