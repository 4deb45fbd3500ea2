from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.targets.argo.pod import expression_text, template_text


def _calculated(literal: str) -> str:
    """What expr-lang makes of a literal: strings joined by +, one of them from base64."""
    parts = literal.split(" + sprig.b64dec('Jg==') + ")
    return "&".join(
        json.loads('"' + re.sub(r'(?<!\\)"', '\\"', part.removeprefix("'").removesuffix("'")) + '"') for part in parts
    )


def _through_go(text: str) -> str:
    """An expression as Argo finds it in a template that Go has written as JSON, and reads it back."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    for character in "<>&":  # util/json/fix.go
        written = written.replace(f"\\u{ord(character):04x}", character)
    return str(json.loads(f'"{written}"'))


def test_a_text_without_two_braces_stays_as_it_is() -> None:
    assert template_text("$(HOME) } }} { 'it' \\n") == "$(HOME) } }} { 'it' \\n"


def test_a_text_with_two_braces_becomes_one_tag() -> None:
    written = template_text("{{workflow.name}}")
    assert written.startswith("{{=") and written.endswith("}}")
    assert "{{" not in written[2:] and "}}" not in written[:-2]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_literal_gives_its_text_and_ends_no_tag(text: str) -> None:
    literal = expression_text(text)
    assert "}}" not in literal and "{{" not in literal
    assert _calculated(literal) == text


@given(st.text(st.sampled_from("{}<>&'\"\\\n\té=a")))
def test_a_tag_is_read_the_same_in_the_template_and_in_the_copy_of_it_that_a_pod_carries(text: str) -> None:
    literal = expression_text(text)
    assert _through_go(literal) == literal
    in_copy = _through_go(json.dumps(literal, ensure_ascii=False)[1:-1])
    assert json.loads(f'"{in_copy}"') == literal
