"""Google-style docstrings and Markdown, for the reference pages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SECTIONS = ("Args", "Attributes", "Returns", "Raises")
_HEADING = re.compile(rf"^({'|'.join(SECTIONS)}):$")
_STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_ENTRY = re.compile(r"^([\w*, .]+?): (.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring in parts: `text` (paragraphs), and its sections, each as (name, text); "" where there is no name."""

    text: str
    sections: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def first_line(self) -> str:
        """The summary."""
        return self.text.split("\n\n")[0].replace("\n", " ").strip()

    def described(self, section: str) -> dict[str, str]:
        """Descriptions by name; an entry `a, b: text` describes both."""
        return {name.strip(): text for names, text in self.sections.get(section, []) for name in names.split(",")}


def parse_docstring(docstring: str | None) -> Docstring:
    """The parts of `docstring`; text after a section, at the margin again, belongs to the text."""
    paragraphs: list[str] = []
    sections: dict[str, list[tuple[str, str]]] = {}
    current = ""
    for line in inspect.cleandoc(docstring or "").splitlines():
        heading = _HEADING.match(line)
        if heading:
            current = heading.group(1)
            sections[current] = []
        elif current and (not line.strip() or line.startswith("    ")):
            _add(sections[current], current, line)
        else:
            current = ""
            paragraphs.append(line)
    return Docstring("\n".join(paragraphs).strip(), sections)


def _add(entries: list[tuple[str, str]], section: str, line: str) -> None:
    inner = line[4:]
    entry = _ENTRY.match(inner) if section != "Returns" else None
    if entry and not inner.startswith(" "):
        entries.append((entry.group(1), entry.group(2)))
    elif inner.strip():
        if not entries:
            entries.append(("", inner.strip()))
        else:
            name, text = entries[-1]
            entries[-1] = (name, f"{text} {inner.strip()}".strip())


def link_codes(text: str, errors_page: str) -> str:
    """`text` with a link on each error code."""
    return re.sub(r"\bE\d{3}\b", lambda match: f"[{match[0]}]({errors_page}#{match[0].lower()})", text)


def cell(text: str) -> str:
    """`text` inside a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(titles: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; "" without rows."""
    if not rows:
        return ""
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)])


def markdown_of(docstring: str | None, errors_page: str = "errors.md") -> str:
    """A whole docstring as Markdown: its text, and each section as a list."""
    parsed = parse_docstring(docstring)
    parts = [_with_fences(parsed.text)]
    for section, entries in parsed.sections.items():
        title = {"Args": "Arguments"}.get(section, section)
        if section == "Returns":
            parts.append(f"{title}: {' '.join(text for _, text in entries)}")
            continue
        lines = [f"- `{name}`: {link_codes(text, errors_page)}" if name else f"- {text}" for name, text in entries]
        parts.append(f"{title}:\n\n" + "\n".join(lines))
    return "\n\n".join(part for part in parts if part)


def _with_fences(text: str) -> str:
    """Indented paragraphs as text blocks."""
    parts = []
    for paragraph in re.split(r"\n\n+", text):
        if paragraph.startswith("    "):
            parts.append("```text\n" + inspect.cleandoc(paragraph) + "\n```")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts)


def spelled_signature(target: Callable[..., Any], *, bound: bool = False) -> str:
    """The arguments of a function as its author wrote them, without `self` and `cls`."""
    signature = inspect.signature(target)
    parts: list[str] = []
    starred = False
    for parameter in list(signature.parameters.values())[1 if bound else 0 :]:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
        starred = starred or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        prefix = "*" * (1 + _STARRED.index(parameter.kind)) if parameter.kind in _STARRED else ""
        annotation = "" if parameter.annotation is parameter.empty else f": {_annotation(parameter.annotation)}"
        default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
        parts.append(f"{prefix}{parameter.name}{annotation}{default}")
    returns = signature.return_annotation
    arrow = "" if returns in (signature.empty, None, "None") else f" -> {_annotation(returns)}"
    return f"({', '.join(parts)}){arrow}"


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation.replace("typing.", "")
    return getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")


def _default(value: Any) -> str:
    return "..." if repr(value).startswith("<") else repr(value)
