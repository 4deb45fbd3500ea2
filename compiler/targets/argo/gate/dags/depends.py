"""The text of `depends`: task names and results under `&&`, `||`, `!` and parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from milonga.compiler.targets.argo.gate.dags.condition import Condition

RESULTS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
WORDS = frozenset(["in", "not", "matches", "contains", "let", "true", "false", "nil", "and", "or"])
"""Words of the expression language: a controller fails on a task of such a name in `depends`."""

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z0-9_][-A-Za-z0-9_]*)(?:\.(?P<result>[A-Za-z]+))?|(?P<sign>&&|\|\||[!()]))")
_SIGNS = {"and": "&&", "or": "||", "not": "!"}
_NESTING_MAX = 60


@dataclass(frozen=True, slots=True)
class Depends:
    """What was read of one `depends`.

    Attributes:
        names: (task, result) in the order of the text; the result is "" for a bare name.
        condition: when the task runs; None where it always does, or the text cannot be read.
        problem: why it cannot, or "".
    """

    names: tuple[tuple[str, str], ...] = ()
    condition: Condition | None = None
    problem: str = ""

    @property
    def tasks(self) -> frozenset[str]:
        """The tasks that are waited for."""
        return frozenset(name for name, _ in self.names)


def of_dependencies(names: list[str]) -> Depends:
    """The older field `dependencies`: each of them as a bare name."""
    if not names:
        return Depends()
    return Depends(
        tuple((name, "") for name in names), Condition("&&", tuple(Condition("", task=name) for name in names))
    )


@lru_cache(maxsize=1024)
def read_depends(text: str) -> Depends:
    """What `depends` says. Never raises."""
    tokens: list[tuple[str, str]] = []
    names: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            return Depends(tuple(names), None, f"it holds '{text[position:].strip()[:1]}'")
        position = found.end()
        sign = found["sign"] or ("" if found["result"] else _SIGNS.get(found["name"], ""))
        tokens.append((sign, "") if sign else (found["name"], found["result"] or ""))
        names += [] if sign else [tokens[-1]]
    reader = _Reader(tokens)
    condition = reader.whole()
    return Depends(tuple(names), condition, reader.problem)


class _Reader:
    """Recursive descent over tokens: a sign, or a task and its result."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.position = 0
        self.problem = ""

    def whole(self) -> Condition | None:
        condition = self._chain("||", 0)
        if not self.problem and self.position < len(self.tokens):
            self.problem = f"'{self.tokens[self.position][0]}' stands where it should end"
        return None if self.problem else condition

    def _take(self, sign: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position][0] == sign:
            self.position += 1
            return True
        return False

    def _chain(self, operator: Literal["&&", "||"], depth: int) -> Condition:
        parts = [self._part(operator, depth)]
        while self._take(operator):
            parts.append(self._part(operator, depth))
        return parts[0] if len(parts) == 1 else Condition(operator, tuple(parts))

    def _part(self, operator: Literal["&&", "||"], depth: int) -> Condition:
        return self._chain("&&", depth) if operator == "||" else self._single(depth)

    def _single(self, depth: int) -> Condition:
        if depth > _NESTING_MAX:
            return self._fail("it is nested too deeply")
        if self._take("!"):
            return Condition("!", (self._single(depth + 1),))
        if self._take("("):
            inner = self._chain("||", depth + 1)
            return inner if self._take(")") else self._fail("a '(' is not closed")
        if self.position >= len(self.tokens) or self.tokens[self.position][0] in ("&&", "||", ")"):
            return self._fail("a task is missing in it")
        task, result = self.tokens[self.position]
        self.position += 1
        return Condition("", task=task, result=result)

    def _fail(self, problem: str) -> Condition:
        self.problem = self.problem or problem
        self.position = len(self.tokens)
        return Condition("&&")
