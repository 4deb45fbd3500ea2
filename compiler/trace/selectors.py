"""Parts of values, `reference["key"][0]`, in the words of the file. Keys are the author's data, whatever they hold."""

from __future__ import annotations

import re

from milonga.compiler.cel import quote
from milonga.dsl.references import Reference

_UNNAMED = re.compile(r"[^A-Za-z0-9_-]")
_PART_MAX = 40


def selector_text(reference: Reference) -> str:
    """The CEL expression for a part of a value, in the form that KFP's back end reads."""
    return "parseJson(string_value)" + "".join(
        f"[{quote(key)}]" if isinstance(key, str) else f"[{key}]" for key in reference.selector
    )


def part_name(reference: Reference) -> str:
    """A name for an input that carries the part, of such characters as names of inputs have; it need not be unique."""
    return "-".join(_UNNAMED.sub("_", str(key))[:_PART_MAX] for key in reference.selector)
