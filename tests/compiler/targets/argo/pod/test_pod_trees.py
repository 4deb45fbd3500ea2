from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.targets.argo.pod.optional_item import OptionalItem
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.trees import expression_of, is_known, patch_text, template_tree

TEXTS = st.text(st.sampled_from("{}='\"\\aé"), max_size=8)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
NAME = RuntimeValue("fromJSON(inputs.parameters['x'])", "{{inputs.parameters.x}}")


@given(TREES)
def test_a_patch_of_constants_is_their_json_and_holds_no_tag(tree: object) -> None:
    text = patch_text(tree)
    assert json.loads(text) == tree
    assert "{{" not in text


@given(TREES)
def test_an_expression_of_constants_ends_no_tag(tree: object) -> None:
    assert "{{" not in expression_of(tree) and "}}" not in expression_of(tree)


def test_a_value_of_the_run_stands_as_its_tag() -> None:
    assert patch_text({"a": [{"b": NAME}]}) == '{"a":[{"b":{{inputs.parameters.x}}}]}'


def test_a_list_with_optional_entries_is_calculated_in_the_run() -> None:
    items = [{"b": 1}, OptionalItem({"b": NAME}, "true")]
    assert not is_known(items)
    assert expression_of(items) == ("concat([{'b': 1 }], (true) ? [{'b': (fromJSON(inputs.parameters['x'])) }] : [])")


def test_fields_of_a_template_hold_no_tags_of_the_user() -> None:
    tree = template_tree({"a": ["{{x}}", 1], "b": "y"})
    assert tree["b"] == "y" and tree["a"][1] == 1
    assert tree["a"][0].startswith("{{=") and "{{x" not in tree["a"][0]
