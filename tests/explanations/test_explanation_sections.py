"""The form of the texts, and its strict reader."""

from __future__ import annotations

import pytest

from milonga.explanations import Example, Explanation, explained_codes, explanation_of
from milonga.explanations.rendering import as_markdown, as_text
from milonga.explanations.sections import read_sections

TEXT = """# E99x: an example

## E998 · A title

Who: nobody

Means: Something, with a colon: here.

Why: Because.

```python wrong run
x = 1


y = 2
```

Mend: Not at all.

```text right
nothing
```

See: E101, E102
"""


def test_a_section_becomes_an_explanation() -> None:
    (found,) = read_sections(TEXT, "text.md")
    assert found == Explanation(
        code="E998",
        title="A title",
        who="nobody",
        means="Something, with a colon: here.",
        why="Because.",
        mend="Not at all.",
        examples=(
            Example("python", "x = 1\n\n\ny = 2\n", is_wrong=True, needs_run=True),
            Example("text", "nothing\n", is_wrong=False),
        ),
        related=("E101", "E102"),
    )
    assert found.wrong + found.right == found.examples


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("## E998 · A title", "## E998: A title", ":3"),
        ("## E998 · A title", "## E9988 · A title", ":3"),
        ("Who: nobody", "Whom: nobody", ":5"),
        ("Who: nobody", "Who:", ":5"),
        ("Who: nobody\n", "", ":3"),
        ("Why: Because.", "Why: Because.\nand on the next line", ":10"),
        ("Why: Because.", "Mend: Because.", ":18"),
        ("Mend: Not at all.", "Why: Not at all.", ":18"),
        ("```python wrong run", "```python", ":11"),
        ("```python wrong run", "```ruby wrong", ":11"),
        ("nothing\n```\n", "nothing\n", ":20"),
    ],
)
def test_a_slip_in_a_text_is_an_error_with_its_line(old: str, new: str, line: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(ValueError, match=rf"text\.md{line}: "):
        list(read_sections(TEXT.replace(old, new), "text.md"))


def test_codes_are_looked_up_exactly() -> None:
    assert explanation_of("E113") is not None
    for name in ("e113", "E11", "E1133", "", "../e11x", "E000", "E1\N{ARABIC-INDIC DIGIT ONE}3"):
        assert explanation_of(name) is None


def test_codes_are_sorted() -> None:
    assert list(explained_codes()) == sorted(explained_codes()) and len(explained_codes()) > 200


def test_text_keeps_examples_as_they_are_and_wraps_the_rest() -> None:
    (found,) = read_sections(TEXT.replace("Because.", "word " * 60 + "end."), "text.md")
    text = as_text(found, width=60, titles={"E101": "The first"})
    assert max(map(len, text.splitlines())) <= 60 and "\n    x = 1\n\n\n    y = 2\n" in text
    assert text.startswith("E998 · A title\n") and "  E101  The first\n  E102\n" in text and text.endswith("\n")


def test_markdown_is_complete_with_and_without_highlighting() -> None:
    (found,) = read_sections(TEXT, "text.md")
    coloured, plain = as_markdown(found), as_markdown(found, highlight=False)
    assert "```python\nx = 1\n" in coloured and "```python" not in plain and "```text\nx = 1\n" in plain
    for part in ("nobody", found.means, found.why, found.mend, "nothing"):
        assert part in coloured and part in plain
