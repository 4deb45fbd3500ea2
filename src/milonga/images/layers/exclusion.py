"""What of an added folder stays out of the layer, by patterns as in a file `.dockerignore`."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

USUAL_PATTERNS = (
    "**/__pycache__",
    "**/*.py[co]",
    "**/.git",
    "**/.hg",
    "**/.svn",
    "**/.venv",
    "**/.tox",
    "**/.nox",
    "**/.milonga",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    "**/.ipynb_checkpoints",
    "**/.DS_Store",
)
"""What no image needs: caches, and the history of the files."""


def patterns_in(text: str) -> tuple[str, ...]:
    """The patterns of a file `.dockerignore`: one a line, "#" begins a comment."""
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Patterns in order; the last one that fits a path, or a folder above it, decides. "!" brings back.

    Source: the rules of Docker's `.dockerignore`: a pattern begins at the top of the folder, "*" and "?" do not
    cross "/", "**" does.
    """

    rules: tuple[tuple[bool, re.Pattern[str]], ...]

    @classmethod
    def of(cls, patterns: Sequence[str]) -> Exclusion:
        """The patterns, compiled."""
        return cls(
            tuple(
                (not pattern.startswith("!"), _compiled(pattern.removeprefix("!").strip()))
                for pattern in patterns
                if pattern.removeprefix("!").strip()
            )
        )

    @property
    def brings_back(self) -> bool:
        """Whether something below a folder that stays out may come in."""
        return not all(excludes for excludes, _ in self.rules)

    def excludes(self, path: str) -> bool:
        """Whether `path`, relative to the folder, stays out."""
        above = path.split("/")
        prefixes = ["/".join(above[:length]) for length in range(1, len(above) + 1)]
        for excludes, pattern in reversed(self.rules):
            if any(map(pattern.fullmatch, prefixes)):
                return excludes
        return False


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = posixpath.normpath(pattern).strip("/")
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[\^?(?:\\.|[^\]\\])+\]|\\.|.", text, re.DOTALL)
    return re.compile("".join(map(_expression, tokens)), re.DOTALL)


def _expression(token: str) -> str:
    fixed = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in fixed:
        return fixed[token]
    if token.startswith("[") and len(token) > 1:
        inner = token[1:-1].replace("[", r"\[").replace("&&", r"&\&").replace("||", r"|\|").replace("~~", r"~\~")
        return f"(?!/)[{inner}]"
    return re.escape(token.removeprefix("\\") if len(token) > 1 else token)
