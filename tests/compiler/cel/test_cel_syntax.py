"""The text of an expression: how it is read, how it is written back, and what is refused."""

import re

import pytest

from milonga.compiler.cel import (
    Binary,
    Call,
    Conditional,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Member,
    Uint,
    Unary,
    evaluate,
    parse,
    quote,
    render,
)
from milonga.errors import InvalidPipeline

A, B, C, D = (Identifier(name) for name in "abcd")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        (".a", A),
        ("a.b", Member(A, "b")),
        ("a.for", Member(A, "for")),
        ("a['b'][0]", Index(Index(A, Literal("b")), Literal(0))),
        ("int(a)", Call("int", None, (A,))),
        ("a.contains(b)", Call("contains", A, (B,))),
        ("[a, b]", ListLiteral((A, B))),
        ("[a, b,]", ListLiteral((A, B))),
        ("[]", ListLiteral(())),
        ("{'k': a, 2: b}", MapLiteral(((Literal("k"), A), (Literal(2), B)))),
        ("{}", MapLiteral(())),
        ("!a", Unary("!", A)),
        ("!!a", Unary("!", Unary("!", A))),
        ("-a", Unary("-", A)),
        ("-1", Literal(-1)),
        ("- 1", Literal(-1)),
        ("-(1)", Unary("-", Literal(1))),
        ("--1", Unary("-", Literal(-1))),
        ("-1u", Unary("-", Literal(Uint(1)))),
        ("a -1", Binary("-", A, Literal(1))),
        ("a ? b : c", Conditional(A, B, C)),
        ("a // the rest is a comment", A),
        ("a // a comment\n && b", Binary("&&", A, B)),
    ],
)
def test_text_becomes_a_tree(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "explicit"),
    [
        ("a || b && c", "a || (b && c)"),
        ("a && b == c", "a && (b == c)"),
        ("a == b + c", "a == (b + c)"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b * c % d", "((a / b) * c) % d"),
        ("a < b == c", "(a < b) == c"),
        ("a in b == c", "(a in b) == c"),
        ("-a * b", "(-a) * b"),
        ("!a == b", "(!a) == b"),
        ("!a.b", "!(a.b)"),
        ("a ? b : c ? d : a", "a ? b : (c ? d : a)"),
        ("a || b ? c : d", "(a || b) ? c : d"),
    ],
)
def test_precedence_and_associativity(text, explicit):
    assert parse(text) == parse(explicit)
    assert parse(render(parse(explicit))) == parse(explicit)


def test_parentheses_that_matter_are_kept():
    for text in ("(a || b) && c", "a - (b - c)", "(a + b) * c", "!(a == b)", "(a ? b : c) ? d : a", "!(-a)", "-(!a)"):
        assert render(parse(text)) == text


def test_chains_of_and_are_one_thing_however_they_are_grouped():
    assert parse("a && (b && (c && d))") == parse("((a && b) && c) && d")
    assert render(parse("a && (b && c)")) == "a && b && c"


def test_literals_of_different_types_differ_although_python_calls_them_equal():
    assert len({parse(text) for text in ("1", "1.0", "1u", "true")}) == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("0xFf", 255),
        ("-0x10", -16),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615u", Uint(2**64 - 1)),
        ("0xFu", Uint(15)),
        (".5", 0.5),
        ("1.5e3", 1500.0),
        ("2E-2", 0.02),
        ("1e+2", 100.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("''", ""),
        ('"a\'b"', "a'b"),
        ("'a\"b'", 'a"b'),
        ("'''a'b''c\nd'''", "a'b''c\nd"),
        ('"""a"b"""', 'a"b'),
        (r"'\n\t\r\a\b\f\v\\\'\"\`\?'", "\n\t\r\a\b\f\v\\'\"`?"),
        (r"'\x41\X41\u0041\U00000041\101'", "AAAAA"),
        (r"'\U0001F431'", "\U0001f431"),
        (r"'\ud83d\udc31'", "\U0001f431"),
        (r"'\377\xff'", "ÿÿ"),
        (r"r'\n'", "\\n"),
        (r'R"\d+"', "\\d+"),
        ("r'''a\nb\\'''", "a\nb\\"),
        ("'ÿ🐱'", "ÿ🐱"),
    ],
)
def test_literals(text, value):
    got = evaluate(parse(text), {})
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "empty"),
        ("a b", 3, "unexpected 'b'"),
        ("a +", 4, "end of the expression"),
        ("(a", 3, "expected ')'"),
        ("a)", 2, "unexpected ')'"),
        ("a = b", 3, "no meaning"),
        ("a & b", 3, "no meaning"),
        ("a ? b", 6, "expected ':'"),
        ("a ? b ? c : d : a", 7, "expected ':'"),
        ("[a b]", 4, "expected ']'"),
        ("{a}", 3, "expected ':'"),
        ("a.", 3, "name of a field"),
        ("a.in", 3, "name of a field"),
        ("for", 1, "expected a value"),
        ("1.a.b c", 7, "unexpected"),
        ("!-a", 3, "cannot stand together"),
        ("int(a,)", 7, "another argument"),
        ("'a", 1, "closing"),
        ("x == 'it\n's'", 6, "closing"),
        (r"'a\q'", 3, "no escape"),
        (r"'\400'", 2, "no escape"),
        (r"'\ud800'", 2, "no escape"),
        (r"'\U00110000'", 2, "no escape"),
        ("b'abc'", 1, "bytes are not supported"),
        ("9223372036854775808", 1, "64 bits"),
        ("1 - 9223372036854775808", 5, "64 bits"),
        ("18446744073709551616u", 1, "64 bits"),
        ("1e999", 1, "double"),
        ("int()", 1, "takes 1 argument, not 0"),
        ("a.size(b)", 3, "takes 0 arguments, not 1"),
        ("eval('1')", 1, "no function 'eval'"),
        ("a.__class__()", 3, "no method '__class__'"),
        ("'a'.lowerAscii()", 5, "no method 'lowerAscii'"),
        ("a.exists(x, x)", 3, "macro 'exists'"),
        ("has(a)", 1, "takes a field"),
        ("a.b{c: 1}", 4, "messages"),
        ("a[?0]", 3, "optional"),
        ("a.?b", 3, "optional"),
        ("é", 1, "no meaning"),
        ("\uff11", 1, "no meaning"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_column(text, column, message):
    with pytest.raises(InvalidPipeline, match=re.escape(message)) as caught:
        parse(text)
    assert caught.value.code == "E220"
    assert caught.value.where == f"column {column} of the expression"


def test_an_error_in_a_later_line_names_the_line():
    with pytest.raises(InvalidPipeline) as caught:
        parse("a ==\n  $")
    assert caught.value.where == "line 2, column 3 of the expression"


def test_a_misspelt_function_gets_a_suggestion():
    with pytest.raises(InvalidPipeline) as caught:
        parse("parseJSON(a)")
    assert "did you mean 'parseJson'?" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "[" * 10_000,
        "{1:" * 10_000,
        "int(" * 10_000,
        "a[" * 10_000,
        "!" * 10_000 + "true",
        "-" * 10_000 + "a",
        "a" + ".a" * 10_000,
        "a" + "[0]" * 10_000,
        "1" + "+1" * 10_000,
        "true ? 1 : " * 5_000 + "1",
        "a||b&&c==d+e*(" * 5_000,
    ],
    ids=lambda text: text[:12],
)
def test_deep_text_is_refused_and_never_exhausts_the_stack(text):
    with pytest.raises(InvalidPipeline, match=r"nesting|deep") as caught:
        parse(text)
    assert caught.value.code == "E220"


def test_the_depth_that_the_language_asks_for_is_there():
    for text in ("(" * 32 + "7" + ")" * 32, "-" * 32 + "(7)", "7" + " - 0" * 32, "false ? 1 : " * 32 + "7"):
        assert evaluate(parse(text), {}) == 7


def test_a_condition_of_many_branches_is_no_deep_condition():
    text = " && ".join(["!(inputs.parameter_values['x'] == 'a')"] * 500)
    assert evaluate(parse(text), {"inputs": {"parameter_values": {"x": "b"}}}) is True


def test_a_text_beyond_100_kilobytes_is_refused():
    assert parse("'" + "a" * 99_998 + "'") == Literal("a" * 99_998)
    for text in ("'" + "a" * 99_999 + "'", "'" + "é" * 50_000 + "'"):
        with pytest.raises(InvalidPipeline, match="too long"):
            parse(text)


def test_quoting_keeps_a_value_a_value():
    assert quote('it\'s "x"\n') == r'"it' + "'" + r's \"x\"\n"'
    assert parse(quote("' || true || '")) == Literal("' || true || '")
