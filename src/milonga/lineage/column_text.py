"""Text of the file system in columns of SQLite, which keeps only what UTF-8 can say.

A file may have a name that is no UTF-8 (one of an old Windows, say); Python shows its bytes as halves of surrogate
pairs. They are written like JSON writes them, `\\udce9`, and what looks so by itself has its backslash written so too:
every text comes back as it was, and all but the oddest stand in the column as they are.
"""

from __future__ import annotations

import re

_LIKE_AN_ESCAPE = re.compile(r"\\(?=u(?:d[89a-f][0-9a-f]{2}|005c))")
_ESCAPE = re.compile(r"\\u(d[89a-f][0-9a-f]{2}|005c)")


def to_column(text: str) -> str:
    """`text` as it is written."""
    if "\\u" in text:
        text = _LIKE_AN_ESCAPE.sub(r"\\u005c", text)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def from_column(text: str) -> str:
    """The text behind `to_column`."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "\\u" in text else text
