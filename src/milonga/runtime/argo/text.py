"""Values as text that passes through Argo unchanged.

Argo replaces `{{...}}` wherever it stands in a workflow, values that a run is given included, and Kubernetes expands
`$(NAME)` in arguments. So a value travels as ASCII JSON in which neither can occur (seen on Argo 3.7 and 4.0).
"""

from __future__ import annotations

import json
from typing import Any

_BRACES, _BRACES_ESCAPED = "{{", "\\u007b\\u007b"
_DOLLAR, _DOLLAR_ESCAPED = "$", "\\u0024"
PACKED_NULL = "bnVsbA=="
"""The text `null`, packed."""


def escaped_json(value: Any) -> str:
    """`value` as JSON text without `{{` and `$`. Outside of strings JSON has neither."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace(_BRACES, _BRACES_ESCAPED).replace(_DOLLAR, _DOLLAR_ESCAPED)


def literal(text: str) -> str:
    """`text` as a string literal of Argo's expression language, to stand inside `{{=...}}`.

    Braces are escaped: the tag ends at the first `}}`, wherever it is.
    """
    made = []
    for character in text:
        code = ord(character)
        if character in "\\'":
            made.append("\\" + character)
        elif character in "{}" or code < 0x20 or code == 0x7F:
            made.append(f"\\x{code:02x}")
        elif code < 0x7F:
            made.append(character)
        elif code <= 0xFFFF:
            made.append(f"\\u{code:04x}")
        else:
            made.append(f"\\U{code:08x}")
    return "'" + "".join(made) + "'"


def tag(expression: str) -> str:
    """An expression as a tag that Argo replaces by its value."""
    return "{{=" + expression + "}}"


def packed(expression: str) -> str:
    """An expression of text that passes through templates whatever is in it; `unpacked` is its inverse.

    Argo writes a value into a template as Go writes a string, which is no JSON where a character beyond U+FFFF is not
    printable: JSON text that Argo has built itself does not escape it.
    """
    return f"toBase64({expression})"


def unpacked(expression: str) -> str:
    """The text that was `packed`."""
    return f"fromBase64({expression})"


def made_safe(expression: str) -> str:
    """An expression of JSON text that Argo has built itself, and that must not be read as a template again.

    `toJson(fromJSON(x))` writes `{` again where `x` had `\\u007b`, and DEL as it is, which Argo would quote as Go does.
    """
    braces = f"replace({expression}, '\\x7b\\x7b', '\\\\u007b\\\\u007b')"
    dollars = f"replace({braces}, '$', '\\\\u0024')"
    return f"replace({dollars}, '\\x7f', '\\\\u007f')"
