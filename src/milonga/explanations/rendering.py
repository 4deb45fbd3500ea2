"""An explanation as text for a terminal, and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from milonga.explanations.example import Example
from milonga.explanations.explanation import Explanation


def as_text(explanation: Explanation, *, width: int, titles: dict[str, str] | None = None) -> str:
    """The explanation for a terminal of `width` columns; `titles` are those of the related codes."""
    lines = [f"{explanation.code} · {explanation.title}", f"who must act: {explanation.who}"]
    lines += ["", *_wrapped(explanation.means, width), "", *_wrapped(f"Why: {explanation.why}", width)]
    lines += _shown(explanation.wrong, "wrong")
    lines += ["", *_wrapped(f"Mend: {explanation.mend}", width)]
    lines += _shown(explanation.right, "right")
    if explanation.related:
        lines += ["", "see also:"]
        lines += [f"  {code}  {(titles or {}).get(code, '')}".rstrip() for code in explanation.related]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _shown(examples: tuple[Example, ...], label: str) -> Iterator[str]:
    for example in examples:
        yield from ("", f"{label}:", "")
        yield from textwrap.indent(example.text, "    ").splitlines()


def as_markdown(explanation: Explanation, *, highlight: bool = True) -> str:
    """The explanation as Markdown without its heading; without `highlight` every fence is one of plain text."""
    parts = [f"Who must act: {explanation.who}.", explanation.means, f"**Why:** {explanation.why}"]
    parts += _fenced(explanation.wrong, "Wrong", highlight=highlight)
    parts.append(f"**Mend:** {explanation.mend}")
    parts += _fenced(explanation.right, "Right", highlight=highlight)
    return "\n\n".join(parts)


def _fenced(examples: tuple[Example, ...], label: str, *, highlight: bool) -> Iterator[str]:
    for example in examples:
        yield f"{label}:"
        yield f"```{example.language if highlight else 'text'}\n{example.text}```"
