"""Patterns as in a file `.dockerignore`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.images.layers.exclusion import USUAL_PATTERNS, Exclusion, patterns_in


@pytest.mark.parametrize(
    ("patterns", "path", "excluded"),
    [
        (["a"], "a", True),
        (["a"], "a/b/c", True),
        (["a"], "b/a", False),
        (["**/a"], "b/a", True),
        (["**/a"], "a", True),
        (["a/**"], "a/b/c", True),
        (["a/**"], "a", False),
        (["*/b"], "a/b", True),
        (["*/b"], "a/c/b", False),
        (["a?c"], "abc", True),
        (["a?c"], "a/c", False),
        (["[a-c]x"], "bx", True),
        (["[^a-c]x"], "bx", False),
        (["[^a-c]x"], "zx", True),
        (["a.c"], "abc", False),
        ([r"\*"], "*", True),
        ([r"\*"], "a", False),
        (["/a/"], "a", True),
        (["./a"], "a", True),
        (["*", "!keep"], "keep", False),
        (["*", "!keep"], "other", True),
        (["!keep", "*"], "keep", True),
        (["a", "!a/b", "a/b/c"], "a/b/d", False),
        (["a", "!a/b", "a/b/c"], "a/b/c", True),
        (["["], "[", True),
        (["["], "a", False),
    ],
)
def test_the_last_pattern_that_fits_decides(patterns: list[str], path: str, excluded: bool) -> None:
    assert Exclusion.of(patterns).excludes(path) is excluded


@pytest.mark.parametrize("path", [".git/config", "a/__pycache__/x.py", "a/b.pyc", ".venv", "deep/.milonga/runs"])
def test_caches_stay_out(path: str) -> None:
    assert Exclusion.of(USUAL_PATTERNS).excludes(path)


@pytest.mark.parametrize("path", ["git", "a.py", "venv.py", "milonga/x", ".gitignore", ".env"])
def test_other_files_do_not(path: str) -> None:
    assert not Exclusion.of(USUAL_PATTERNS).excludes(path)


def test_comments_and_empty_lines_are_no_patterns() -> None:
    assert patterns_in("\ufeff# one\n\n  a  \n!b\r\n") == ("a", "!b")


@given(st.text(max_size=30), st.text(min_size=1, max_size=20))
def test_any_text_is_a_pattern_or_nothing(pattern: str, path: str) -> None:
    assert Exclusion.of([pattern]).excludes(path) in (True, False)
