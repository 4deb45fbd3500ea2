"""Fields of a pod in which some leaves are values of the run, as text for each place that can hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from milonga.compiler.targets.argo.pod.optional_item import OptionalItem
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.text import expression_text, template_text


def is_known(tree: Any) -> bool:
    """Whether nothing in `tree` waits for the run."""
    if isinstance(tree, Mapping):
        return all(is_known(item) for item in tree.values())
    if isinstance(tree, (list, tuple)):
        return all(is_known(item) for item in tree)
    return not isinstance(tree, (RuntimeValue, OptionalItem))


def template_tree(tree: Any) -> Any:
    """`tree`, in which all is known, as fields of a template: user's text so that Argo leaves it alone."""
    if isinstance(tree, Mapping):
        return {template_text(key): template_tree(item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [template_tree(item) for item in tree]
    return template_text(tree) if isinstance(tree, str) else tree


def patch_text(tree: Any) -> str:
    """`tree` as JSON for `podSpecPatch`, with a tag in place of each value of the run.

    No string of it holds two opening braces in a row: JSON has an escape for them that Argo's templates do not read.
    """
    if isinstance(tree, RuntimeValue):
        return tree.tag
    if isinstance(tree, Mapping):
        return "{" + ",".join(f"{_json(key)}:{patch_text(item)}" for key, item in tree.items()) + "}"
    if isinstance(tree, (list, tuple)):
        if any(isinstance(item, OptionalItem) for item in tree):
            whole = list_expression(tree)  # of no entries it is nil, and null in a patch would remove Argo's own
            return RuntimeValue(f"len({whole}) == 0 ? [] : {whole}").tag
        return "[" + ",".join(patch_text(item) for item in tree) + "]"
    return _json(tree)


def expression_of(tree: Any) -> str:
    """`tree` as an expression of expr-lang that may stand in a tag: it has no two braces in a row."""
    if isinstance(tree, RuntimeValue):
        return f"({tree.expression})"
    if isinstance(tree, Mapping):
        pairs = (f"{expression_text(key)}: {expression_of(item)}" for key, item in tree.items())
        return "{" + ", ".join(pairs) + " }"
    if isinstance(tree, (list, tuple)):
        return list_expression(tree)
    return expression_text(tree) if isinstance(tree, str) else "nil" if tree is None else json.dumps(tree)


def list_expression(items: Sequence[Any]) -> str:
    """A list as an expression, without the optional entries whose condition is false."""
    parts = [
        f"({item.condition}) ? [{expression_of(item.item)}] : []"
        if isinstance(item, OptionalItem)
        else f"[{expression_of(item)}]"
        for item in items
    ]
    return f"concat({', '.join(parts)})" if parts else "[]"


def _json(value: Any) -> str:
    return json.dumps(value).replace("{{", "\\u007b\\u007b")
