"""A light reader of expr-lang: which members of which variables an expression asks for, and whether it can end there.

It knows texts, brackets and member access (`a.b`, `a?.b`, `a['b']`), and takes everything else for operators. That is
enough to say which outputs are asked for; whether types fit is known at run time only.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)
    |(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<quote>['"`])
    |(?P<sign>\?\.|\?\?|\.\.|&&|\|\||[=!<>]=|\*\*|.)""",
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CONSTANTS = ("true", "false", "nil", "null")
_WORDS = frozenset((*_CONSTANTS, "and", "or", "not", "in", "let", "if", "else", "matches", "contains"))


@dataclass(frozen=True, slots=True)
class Member:
    """A chain such as `tasks['a'].outputs.parameters['v']`.

    Attributes:
        path: ("tasks", "a", "outputs", "parameters", "v"), as far as it is written out.
        is_optional: whether `?.` stands in it, or `??` behind it.
        is_call: whether it is called: the last name is a function.
    """

    path: tuple[str, ...]
    is_optional: bool
    is_call: bool


@dataclass(frozen=True, slots=True)
class Expression:
    """What was read of an expression.

    Attributes:
        members: the chains, in the order of the text.
        problem: why it is no expression, or "".
        bound: names that `let` binds.
        is_conditional: whether it chooses (`?:`); which condition means which outputs nobody but its author knows.
    """

    members: tuple[Member, ...]
    problem: str
    bound: frozenset[str]
    is_conditional: bool

    def guards(self, task: str) -> bool:
        """Whether the expression chooses, or takes the outputs of a task for perhaps absent."""
        if self.is_conditional:
            return True
        of_task = [member for member in self.members if member.path[1:2] == (task,) and member.path[0] in _NODES]
        asked = [member for member in of_task if member.path[2:3] == ("outputs",) or len(member.path) == 2]
        return all(member.is_optional for member in asked)


_NODES = ("tasks", "steps")


@lru_cache(maxsize=1024)
def read_expression(text: str) -> Expression:
    """What an expression asks for. Never raises."""
    tokens = [(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(text) if found.lastgroup != "space"]
    problem = "" if tokens else "it is empty"
    open_brackets: list[str] = []
    for kind, token in tokens:
        if kind == "quote":
            problem = problem or "a text in it has no end"
        elif kind == "sign" and token in "([{":
            open_brackets.append(token)
        elif kind == "sign" and token in _PAIRS and (not open_brackets or open_brackets.pop() != _PAIRS[token]):
            problem = problem or f"a '{token}' closes nothing"
    if open_brackets:
        problem = problem or f"a '{open_brackets[-1]}' is not closed"
    if tokens and tokens[-1][0] == "sign" and tokens[-1][1] not in ")]}":
        problem = problem or f"it ends in '{tokens[-1][1]}'"
    bound = {name for (_, word), (kind, name) in itertools.pairwise(tokens) if word == "let" and kind == "name"}
    return Expression(tuple(_members(tokens)), problem, frozenset(bound), ("sign", "?") in tokens)


def _members(tokens: list[tuple[str, str]]) -> list[Member]:
    found: list[Member] = []
    index = 0
    while index < len(tokens):
        kind, token = tokens[index]
        before = tokens[index - 1][1] if index else ""
        index += 1
        if kind != "name" or token in _WORDS or before in (".", "?.", "let", "#"):
            continue
        if index < len(tokens) and tokens[index][1] == ":" and before in ("{", ","):
            continue  # the key of a map
        path, optional = [token], False
        while index + 1 < len(tokens):
            sign, following = tokens[index][1], tokens[index + 1]
            if sign in (".", "?.") and following[0] == "name":
                path.append(following[1])
                optional, index = optional or sign == "?.", index + 2
            elif sign == "?." and following[1] == "[":
                optional, index = True, index + 1
            elif sign == "[" and following[0] == "text" and index + 2 < len(tokens) and tokens[index + 2][1] == "]":
                path.append(following[1][1:-1])
                index += 3
            else:
                break
        behind = tokens[index][1] if index < len(tokens) else ""
        after = index
        while after < len(tokens) and tokens[after][1] == ")":
            after += 1
        optional = optional or (after < len(tokens) and tokens[after][1] == "??")
        found.append(Member(tuple(path), optional, behind == "("))
    return found
