"""Text into HTML. Everything that a user or a file wrote passes through here before it reaches a page.

The result is valid in HTML and in XML, since a drawing may be shown alone as an SVG document.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from milonga.reporting.quantities import byte_size

CLIP_CHARACTERS = 2000

# Control characters, direction overrides (they can make one name look like another), lone surrogates and
# non-characters: none has a place on a page, and some make it invalid.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]"
)

_HARMLESS = re.compile(r"[\w ./:;,=()\[\]{}+*#@!?%|~^$-]*", re.ASCII)
"""Text that stays as it is: most of the ten thousand pieces of a large page."""


def plain(value: str) -> str:
    """`value` with every character that a page cannot carry spelled as an escape."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", value)


def escape(value: str) -> str:
    """`value` for use between tags and in a quoted attribute, at its full length."""
    return value if _HARMLESS.fullmatch(value) else html.escape(plain(value), quote=True)


def clip(value: str, limit: int = CLIP_CHARACTERS) -> str:
    """The start of `value`, with the size of the whole when something is left out; not escaped."""
    if len(value) <= limit:
        return value
    size = len(value.encode("utf-8", "surrogatepass"))
    return f"{value[:limit]}… ({byte_size(size)} in all)"


def text(value: object, limit: int = CLIP_CHARACTERS) -> str:
    """`value` as escaped text of at most about `limit` characters."""
    return escape(clip(value if isinstance(value, str) else spelled(value), limit))


def spelled(value: object) -> str:
    """A JSON value as one line of text: text as itself, everything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError) as error:
        return f"not shown ({type(error).__name__})"


def value_code(value: object, limit: int = CLIP_CHARACTERS) -> str:
    """A parameter's value as a code element."""
    return f"<code>{text(value, limit)}</code>"


def digest_code(digest: str) -> str:
    """A short digest; the whole one is in the title, and a click copies it."""
    if not digest:
        return '<span class="muted">no digest</span>'
    return f'<code class="digest" title="{text(digest, 200)}">{escape(digest[:12])}</code>'


def definitions(rows: Iterable[tuple[str, str]], *, css: str = "facts") -> str:
    """A description list; names are escaped here, values must be HTML already."""
    inner = "".join(f"<div><dt>{text(name, 200)}</dt><dd>{value}</dd></div>" for name, value in rows)
    return f'<dl class="{css}">{inner}</dl>' if inner else ""


def table(
    columns: Iterable[str], rows: Iterable[Iterable[str]], *, caption: str = "", numeric: frozenset[int] = frozenset()
) -> str:
    """A table with a header row. Cells must be HTML already; `numeric` columns are aligned to the right."""
    kinds = ["num" if index in numeric else "" for index in range(64)]
    head = "".join(f'<th scope="col"{_kind(kinds[i])}>{escape(name)}</th>' for i, name in enumerate(columns))
    body = "".join(
        "<tr>" + "".join(f"<td{_kind(kinds[i])}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="scroll"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _kind(css: str) -> str:
    return f' class="{css}"' if css else ""


def missing(reason: str) -> str:
    """What stands where something cannot be shown."""
    return f'<p class="missing">not available ({text(reason, 300)})</p>'


def short_pairs(values: Mapping[str, Any], limit: int = 60) -> str:
    """Parameters as `name=value` on one line; not escaped."""
    return ", ".join(f"{clip(name, 60)}={spelled(value)[:limit]}" for name, value in values.items())
