"""`matches`: RE2's patterns in linear time."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.compiler.cel.patterns import matches
from milonga.compiler.cel.values import EvaluationError


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "abc", True),
        ("b", "abc", True),
        ("^b", "abc", False),
        ("c$", "abc", True),
        ("c$", "abc\n", False),
        (r"\Aabc\z", "abc", True),
        ("a.c", "a\nc", False),
        ("(?s)a.c", "a\nc", True),
        ("(?m)^c$", "a\nc\nb", True),
        ("(?i)HeLLo", "hEllO", True),
        ("(?i:A)b", "aB", False),
        ("a(?i)b|c", "C", True),
        ("a|b|", "", True),
        ("^(ab)+$", "ababab", True),
        ("^(ab)+$", "ababa", False),
        ("^a{2,3}$", "aa", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{2,}?$", "aaaa", True),
        ("^a{2}$", "aaa", False),
        ("a{,2}", "a{,2}", True),
        ("^(a*)*$", "aaaa", True),
        ("^(?:a|b)*?c$", "ababc", True),
        ("^(?P<name>x)(?<other>y)$", "xy", True),
        ("^[a-c]+$", "abc", True),
        ("^[^a-c]+$", "xyz\n", True),
        ("^[]a]+$", "]a", True),
        ("^[a-]+$", "a-", True),
        (r"^[\d_\-]+$", "1_-", True),
        (r"^[\D]$", "x", True),
        (r"^[^\w]$", "x", False),
        (r"^\d+\.\d*$", "12.5", True),
        (r"\d", "٣", False),
        (r"^\w+$", "é", False),
        (r"\bword\b", "a word here", True),
        (r"\bword\b", "swords", False),
        (r"\Bord", "word", True),
        (r"^\x41\x{1F431}$", "A🐱", True),
        (r"\n\t", "\n\t", True),
        ("^é$", "é", True),
        ("(?i)[a-z]", "ß", False),
        ("^v[0-9]+(\\.[0-9]+){2}$", "v1.20.3", True),
    ],
)
def test_a_pattern_matches_or_not(pattern, text, expected):
    assert matches(text, pattern) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[", "[a", "a**", "*a", "+", "?", "a{3}{2}", "{2}", "a{2,1}", "a{1001}", "\\", "[z-a]"),
        *(r"\1", r"\p{L}", r"\C", r"\Qa\E", "(?=a)", "(?<!a)", "(?U)a", "[[:alpha:]]", r"\x{110000}", "(?P=name)"),
        *("(" * 60 + ")" * 60, "a" * 1001, "((a{1000}){1000}){1000}"),
    ],
)
def test_what_is_outside_of_the_subset_is_refused(pattern):
    with pytest.raises(EvaluationError):
        matches("a", pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("^(a+)+$", False), ("^(a|a)*$", False), ("(.*a){20}", True), ("((((){1000}){1000}){1000}){1000}", True)],
)
def test_no_pattern_takes_exponential_time(pattern, expected):
    assert matches("a" * 2000 + "!", pattern) is expected  # with backtracking it would not end


def test_too_much_work_is_refused_before_it_begins():
    with pytest.raises(EvaluationError, match="too much work"):
        matches("a" * 1_000_000, "a{100}")


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "(?:)"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(pattern=PATTERNS, text=st.text("abc\n ", max_size=6))
def test_agrees_with_python_where_the_two_dialects_are_one(pattern, text):
    assert matches(text, pattern) is (re.search(pattern, text) is not None)
