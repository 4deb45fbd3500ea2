"""From text to tokens, per the lexis in the CEL language definition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from milonga.compiler.cel.values import INT_MAX, UINT_MAX, Uint
from milonga.errors import InvalidPipeline

BYTES_MAX: Final = 100_000

KEYWORDS: Final = frozenset(("true", "false", "null", "in"))
RESERVED: Final = frozenset(
    (
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"),
        *("namespace", "return", "var", "void", "while"),
    )
)

Kind: TypeAlias = Literal["name", "number", "string", "operator", "end"]

_SKIPPED: Final = re.compile(r"(?:[\t\n\f\r ]+|//[^\r\n]*)*")
_NAME: Final = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_NUMBER: Final = re.compile(
    r"(?P<double>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
    r"|(?P<digits>0[xX][0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU]?)"
)
_OPERATOR: Final = re.compile(r"&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}]")
_QUOTE: Final = re.compile(r"""(?P<prefix>[rRbB]{0,2})(?P<quote>'''|\"\"\"|'|")""")
# The text up to, and without, the closing quotes; none of them can backtrack for long, nothing follows the repeats.
_BODIES: Final = {
    ("'", False): re.compile(r"(?:[^'\\\r\n]+|\\[^\r\n])*"),
    ('"', False): re.compile(r'(?:[^"\\\r\n]+|\\[^\r\n])*'),
    ("'''", False): re.compile(r"(?:[^'\\]+|\\.|'(?!''))*", re.DOTALL),
    ('"""', False): re.compile(r'(?:[^"\\]+|\\.|"(?!""))*', re.DOTALL),
    ("'", True): re.compile(r"[^'\r\n]*"),
    ('"', True): re.compile(r'[^"\r\n]*'),
    ("'''", True): re.compile(r"(?:[^']+|'(?!''))*"),
    ('"""', True): re.compile(r'(?:[^"]+|"(?!""))*'),
}
_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?:[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8}))"
    r"|(?P<octal>[0-3][0-7]{2})|(?P<plain>.)|$)",
    re.DOTALL,
)
_PLAIN: Final = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))


@dataclass(frozen=True, slots=True)
class Token:
    """One lexical element.

    Attributes:
        kind: what it is.
        text: as written.
        offset: index of its first character in the text.
        value: the value of a number or a string; None otherwise.
    """

    kind: Kind
    text: str
    offset: int
    value: int | float | str | None = None


def syntax_error(text: str, offset: int, message: str, hint: str = "") -> InvalidPipeline:
    """E220 at a place in the text, both lines and columns counted from 1."""
    before = text[:offset]
    line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
    shown = (
        text if len(text) <= 120 else ("..." if offset > 60 else "") + text[max(0, offset - 60) : offset + 60] + "..."
    )
    where = f"column {column}" if line == 1 else f"line {line}, column {column}"
    return InvalidPipeline("E220", message, where=f"{where} of the expression", got=shown, hint=hint)


def tokenize(text: str) -> list[Token]:
    """All tokens, the last of kind "end".

    Raises:
        InvalidPipeline: E220 with the column, for anything that is no CEL.
    """
    if len(text) > BYTES_MAX or len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        raise InvalidPipeline(
            "E220", "an expression is too long", got=f"{len(text)} characters", expected=f"at most {BYTES_MAX} bytes"
        )
    tokens: list[Token] = []
    offset = _skip(text, 0)
    while offset < len(text):
        token, offset = _next(text, offset)
        tokens.append(token)
        offset = _skip(text, offset)
    tokens.append(Token("end", "", len(text)))
    return tokens


def _skip(text: str, offset: int) -> int:
    found = _SKIPPED.match(text, offset)
    return found.end() if found else offset


def _next(text: str, offset: int) -> tuple[Token, int]:
    if found := _QUOTE.match(text, offset):
        return _string(text, offset, found)
    if found := _NAME.match(text, offset):
        return Token("name", found[0], offset), found.end()
    if found := _NUMBER.match(text, offset):
        return Token("number", found[0], offset, _number(text, offset, found)), found.end()
    if found := _OPERATOR.match(text, offset):
        return Token("operator", found[0], offset), found.end()
    hint = {"=": "compare with ==", "&": "write &&", "|": "write ||"}.get(text[offset], "")
    raise syntax_error(text, offset, f"the character {text[offset]!r} has no meaning here", hint)


def _number(text: str, offset: int, found: re.Match[str]) -> int | float:
    if found["double"]:
        number = float(found["double"])
        if number == float("inf"):
            raise syntax_error(text, offset, "the number does not fit into a double")
        return number
    digits = found["digits"]
    hexadecimal = digits[:2] in ("0x", "0X")
    significant = (digits[2:] if hexadecimal else digits).lstrip("0") or "0"
    # INT_MAX + 1 is let through: behind a minus sign it is the smallest int, anywhere else the parser refuses it.
    limit = UINT_MAX if found["unsigned"] else INT_MAX + 1
    integer = int(significant, 16 if hexadecimal else 10) if len(significant) <= 20 else limit + 1
    if integer > limit:
        raise syntax_error(text, offset, "the number does not fit into 64 bits")
    return Uint(integer) if found["unsigned"] else integer


def _string(text: str, offset: int, opening: re.Match[str]) -> tuple[Token, int]:
    prefix, quote = opening["prefix"].lower(), opening["quote"]
    if prefix not in ("", "r"):
        what = (
            "bytes are not supported" if prefix in ("b", "br", "rb") else f"{opening['prefix']!r} is no string prefix"
        )
        raise syntax_error(text, offset, what, "write a string: '...' or r'...'")
    body = _BODIES[quote, prefix == "r"].match(text, opening.end())
    end = body.end() if body else opening.end()
    if body is None or not text.startswith(quote, end):
        raise syntax_error(text, offset, f"the string that begins here lacks its closing {quote}")
    value = body[0] if prefix else _unescape(text, body)
    return Token("string", text[offset : end + len(quote)], offset, value), end + len(quote)


def _unescape(text: str, body: re.Match[str]) -> str:
    if "\\" not in body[0]:
        return body[0]

    def character(found: re.Match[str]) -> str:
        if found["high"]:
            return chr(0x10000 + ((int(found["high"], 16) & 0x3FF) << 10) + (int(found["low"], 16) & 0x3FF))
        if found["octal"]:
            return chr(int(found["octal"], 8))
        if digits := found["x"] or found["u"] or found["U"]:
            code = int(digits, 16)
            if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
                return chr(code)
        elif found["plain"] in _PLAIN:
            return _PLAIN[found["plain"]]
        raise syntax_error(
            text, body.start() + found.start(), f"{found[0]} is no escape", r"write \\ for a backslash, or r'...'"
        )

    return _ESCAPE.sub(character, body[0])
