"""The part of Argo's expression language (expr-lang) that milonga writes, read once more: numbers are doubles."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?)|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\|\||&&|==|!=|<=|>=|\?\.|[-+*/<>!?:.,()\[\]]))"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_LEVELS = (("||", "or"), ("&&", "and"), ("==", "!=", "<", "<=", ">", ">=", "in", "matches"), ("+", "-"), ("*", "/"))
_TYPES = {bool: "bool", int: "int", float: "float", str: "string", list: "array", dict: "map", type(None): "nil"}


def json_of(value: Any) -> str:
    """What Go writes: doubles that are whole have no point, and nothing is escaped but what must be."""
    return json.dumps(_whole(value), ensure_ascii=False, separators=(",", ":"))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {key: _whole(item) for key, item in value.items()} if isinstance(value, dict) else value


def _sum(left: Any, right: Any) -> Any:
    assert isinstance(left, str) == isinstance(right, str), "expr-lang adds texts to texts only"
    return left + right


def _equal(left: Any, right: Any) -> bool:
    return (type(left) is bool) is (type(right) is bool) and bool(left == right)


def _truth(value: Any) -> bool:
    assert isinstance(value, bool), f"expr-lang takes only truth values here: {value!r}"
    return value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "toJson": json_of,
    "fromJSON": lambda text: json.loads(text, parse_int=float),
    "len": len,
    "lower": lambda text: text.lower(),
    "trim": lambda text: text.strip(),
    "int": int,
    "float": float,
    "string": lambda value: value if isinstance(value, str) else json_of(value),
    "type": lambda value: _TYPES[type(value)],
    "replace": lambda text, old, new: text.replace(old, new),
    "join": lambda items, separator: separator.join(items),
    "split": lambda text, separator: text.split(separator),
    "toBase64": lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(),
    "fromBase64": lambda text: base64.b64decode(text, validate=True).decode(),
    "sprig.sha256sum": lambda text: hashlib.sha256(text.encode()).hexdigest(),
}
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: _equal(left, right),
    "!=": lambda left, right: not _equal(left, right),
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
    "+": _sum,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}


def evaluated(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression. Only the branch that is taken is computed, as in Argo."""
    reading = _Reading(expression, variables)
    value = reading.ternary()()
    assert reading.at == len(reading.tokens), f"{expression!r} goes on: {reading.tokens[reading.at :]}"
    return value


Lazy = Callable[[], Any]


class _Reading:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        assert "{" not in text and "}" not in text, f"braces in an expression: {text}"
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            assert match is not None, f"no expression: {text[at:]!r}"
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()
        self.at, self.variables = 0, variables

    def _next(self, *signs: str) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "text" and text in signs:
            self.at += 1
            return text
        return ""

    def _must(self, sign: str) -> None:
        assert self._next(sign), f"expected {sign} at {self.tokens[self.at :]}"

    def ternary(self) -> Lazy:
        condition = self._level(0)
        if not self._next("?"):
            return condition
        then = self.ternary()
        self._must(":")
        otherwise = self.ternary()
        return lambda: then() if _truth(condition()) else otherwise()

    def _level(self, level: int) -> Lazy:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while sign := self._next(*_LEVELS[level]):
            left = self._joined(sign, left, self._level(level + 1))
        return left

    @staticmethod
    def _joined(sign: str, left: Lazy, right: Lazy) -> Lazy:
        if sign in ("&&", "and"):
            return lambda: _truth(left()) and _truth(right())
        if sign in ("||", "or"):
            return lambda: _truth(left()) or _truth(right())
        return lambda: _OPERATIONS[sign](left(), right())

    def _unary(self) -> Lazy:
        sign = self._next("!", "-", "not")
        if not sign:
            return self._postfix()
        inner = self._unary()
        return (lambda: -inner()) if sign == "-" else (lambda: not _truth(inner()))

    def _postfix(self) -> Lazy:
        value, path = self._primary()
        while sign := self._next("[", ".", "("):
            if sign == "(":
                arguments = self._list(")")
                value = self._call(path, arguments)
            elif sign == ".":
                name = self.tokens[self.at][1]
                self.at, path = self.at + 1, f"{path}.{name}"
                value = self._item(value, lambda name=name: name)
            else:
                index = self.ternary()
                is_slice = bool(self._next(":"))
                value = self._slice(value, index, self.ternary()) if is_slice else self._item(value, index)
                self._must("]")
        return value

    @staticmethod
    def _call(path: str, arguments: list[Lazy]) -> Lazy:
        return lambda: _FUNCTIONS[path](*(argument() for argument in arguments))

    @staticmethod
    def _item(value: Lazy, index: Lazy) -> Lazy:
        def item() -> Any:
            whole, at = value(), index()
            return whole[int(at)] if isinstance(whole, list) else whole[at]

        return item

    @staticmethod
    def _slice(value: Lazy, start: Lazy, end: Lazy) -> Lazy:
        return lambda: value()[int(start()) : int(end())]

    def _list(self, end: str) -> list[Lazy]:
        found: list[Lazy] = []
        while not self._next(end):
            found.append(self.ternary())
            self._next(",")
        return found

    def _primary(self) -> tuple[Lazy, str]:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            number = float(text) if set(text) & set(".eE") else int(text)
            return (lambda: number), ""
        if kind == "text":
            whole = _ESCAPE.sub(lambda m: chr(int(m[1] or m[2] or m[3], 16)) if not m[4] else m[4], text[1:-1])
            return (lambda: whole), ""
        if text == "(":
            inner = self.ternary()
            self._must(")")
            return inner, ""
        if text == "[":
            items = self._list("]")
            return (lambda: [item() for item in items]), ""
        words = {"true": True, "false": False, "nil": None}
        if text in words:
            return (lambda: words[text]), ""
        return (lambda: self.variables[text]), text
