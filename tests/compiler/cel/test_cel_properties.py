"""Properties that hold for every text and every value."""

from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.compiler.cel import evaluate, parse, quote, render
from milonga.errors import InvalidPipeline, MilongaError, RunError

WORDS = (
    "a inputs true false null in for int( double( string( bool( size( has( parseJson( .x .contains( .size() .matches("
)
SIGNS = "[0] ['x'] ( ) [ ] { } : , ? . ! - + * / % == != < <= > >= && || // \\ ' \" ''' é $"
LITERALS = "1 1u 1.5 -1 0x1F 99999999999999999999 1e999 'a' \"b\" r'c' b'x' '' '\\x4' '\\u00e9'"
FRAGMENTS = st.sampled_from([*WORDS.split(), *SIGNS.split(), *LITERALS.split(), " ", "\n"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
ARITHMETIC = st.recursive(
    st.integers(-99, 99).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda part: f"{part[0]} {part[1]} {part[2]}"),
        inner.map(lambda part: f"-({part})"),
    ),
    max_leaves=8,
)
COMPARISONS = st.tuples(ARITHMETIC, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), ARITHMETIC).map(" ".join)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join),
        inner.map(lambda part: f"!({part})"),
        st.tuples(inner, inner, inner).map(lambda part: f"(({part[0]}) ? ({part[1]}) : ({part[2]}))"),
    ),
    max_leaves=6,
)
# Characters of any kind, lone surrogates too: JSON can carry them.
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_every_string_survives_as_a_literal(value):
    assert evaluate(parse(quote(value)), {}) == value


@given(ANY_TEXT, ANY_TEXT)
def test_every_string_is_itself_and_nothing_else(value, other):
    condition = parse(f"inputs.parameter_values['x'] == {quote(other)}")
    assert evaluate(condition, {"inputs": {"parameter_values": {"x": value}}}) is (value == other)


@given(ANY_TEXT)
def test_any_text_parses_or_fails_cleanly(text):
    try:
        parse(text)
    except InvalidPipeline as error:
        assert error.code == "E220"
        assert "column" in error.where


@settings(max_examples=200)
@given(st.lists(FRAGMENTS, max_size=14), st.sampled_from(["", " "]), VALUES)
def test_any_mixture_of_tokens_parses_or_fails_cleanly_and_so_does_its_evaluation(fragments, separator, value):
    try:
        expression = parse(separator.join(fragments))
    except InvalidPipeline as error:
        assert error.code == "E220"
        return
    assert parse(render(expression)) == expression
    try:
        evaluate(expression, {"a": value, "inputs": {"x": value}})
    except MilongaError as error:
        assert error.code == "E430"


@settings(max_examples=150)
@given(VALUES, VALUES, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||"]))
def test_operators_take_any_values_or_fail_cleanly(left, right, operator):
    try:
        evaluate(parse(f"a {operator} b"), {"a": left, "b": right})
    except RunError as error:
        assert error.code == "E430"


@given(VALUES, st.sampled_from(["int", "uint", "double", "string", "bool", "size", "parseJson", "dyn"]))
def test_functions_take_any_value_or_fail_cleanly(value, function):
    try:
        evaluate(parse(f"{function}(a)"), {"a": value})
    except RunError as error:
        assert error.code == "E430"


@given(VALUES, VALUES)
def test_inequality_is_the_opposite_of_equality_and_equality_is_symmetric(left, right):
    variables = {"a": left, "b": right}
    equal = evaluate(parse("a == b"), variables)
    assert evaluate(parse("b == a"), variables) is equal
    assert evaluate(parse("a != b"), variables) is (not equal)


@given(st.floats(allow_nan=False))
def test_a_double_survives_as_text(value):
    assert evaluate(parse("double(string(a))"), {"a": value}) == value


@settings(max_examples=150)
@given(ARITHMETIC)
def test_arithmetic_agrees_with_python_on_small_integers(text):
    expected = eval(text)  # the text is made above, of digits, operators and parentheses
    if abs(expected) < 2**62:
        assert evaluate(parse(text), {}) == expected


@given(st.integers(-1000, 1000), st.integers(-1000, 1000).filter(bool))
def test_division_truncates_and_its_remainder_fits(dividend, divisor):
    quotient, remainder = evaluate(parse("[a / b, a % b]"), {"a": dividend, "b": divisor})
    assert quotient * divisor + remainder == dividend
    assert quotient == int(dividend / divisor)


@settings(max_examples=150)
@given(CONDITIONS)
def test_logic_agrees_with_python(text):
    python = _to_python(parse(text))
    assert evaluate(parse(text), {}) is eval(python)
    assert parse(render(parse(text))) == parse(text)


def _to_python(node) -> str:
    match type(node).__name__:
        case "Literal":
            return f"({node.value})"
        case "Unary":
            return f"({'not ' if node.operator == '!' else '-'}{_to_python(node.operand)})"
        case "Conditional":
            parts = (_to_python(node.then), _to_python(node.condition), _to_python(node.otherwise))
            return f"({parts[0]} if {parts[1]} else {parts[2]})"
        case _:
            operator = {"&&": "and", "||": "or"}.get(node.operator, node.operator)
            return f"({_to_python(node.left)} {operator} {_to_python(node.right)})"
