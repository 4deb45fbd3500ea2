"""Tags in a text, found as Argo finds them: from `{{` to the next `}}`, whatever stands between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_OPEN, _CLOSE = "{{", "}}"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag.

    Attributes:
        content: the text between the braces, without the `=` of an expression.
        is_expression: whether it is `{{=...}}`.
        is_closed: whether its end was found.
    """

    content: str
    is_expression: bool
    is_closed: bool = True

    @property
    def shown(self) -> str:
        """The tag as its author wrote it."""
        return f"{_OPEN}{'=' * self.is_expression}{self.content}{_CLOSE * self.is_closed}"


def tags_in(text: str) -> Iterator[Tag]:
    """All tags of a text, the last perhaps without an end."""
    start = text.find(_OPEN)
    while start >= 0:
        end = text.find(_CLOSE, start + len(_OPEN))
        content = text[start + len(_OPEN) : end if end >= 0 else len(text)]
        is_expression = content.startswith("=")
        yield Tag(content[1:] if is_expression else content.strip(), is_expression, end >= 0)
        start = text.find(_OPEN, end + len(_CLOSE)) if end >= 0 else -1
