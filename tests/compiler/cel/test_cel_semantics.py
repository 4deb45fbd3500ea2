"""What expressions mean: the table of CEL's operators and functions, checked row by row."""

import math

import pytest

from milonga.compiler.cel import Uint, evaluate, parse
from milonga.errors import RunError

VARIABLES = {
    "i": 5,
    "f": 5.0,
    "h": 5.5,
    "s": "5",
    "b": True,
    "n": None,
    "nan": math.nan,
    "inf": math.inf,
    "huge": 2**70,
    "l": [1, 2.0, "x", None],
    "t": (1, 2),
    "m": {"a": 1, "b": {"c": "d"}, "": 0},
    "o": object(),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # equality: of another type is not equal, numbers share a line
        ("i == f", True),
        ("i == 5u", True),
        ("f == 5u", True),
        ("h == 5", False),
        ("s == i", False),
        ("s != i", True),
        ("b == 1", False),
        ("b == 'true'", False),
        ("1 == true", False),
        ("n == null", True),
        ("n == false", False),
        ("nan == nan", False),
        ("nan != nan", True),
        ("[nan] == [nan]", False),
        ("[1, 'a'] == [1.0, 'a']", True),
        ("[1] == [true]", False),
        ("[1, 2] == [1]", False),
        ("t == [1, 2]", True),
        ("{'a': 1} == {'a': 1.0}", True),
        ("{'a': 1} == {'a': true}", False),
        ("{'a': 1} == {'b': 1}", False),
        ("{1: 'x'} == {1u: 'x'}", True),
        ("[] == {}", False),
        # order
        ("i < h && h > i", True),
        ("i <= f && i >= f", True),
        ("1u < 2 && -1 < 1u", True),
        ("9223372036854775807 < 9223372036854775808.0", False),
        ("'a' < 'b' && 'B' < 'a' && 'a' < 'aa'", True),
        ("'\\uffff' < '\\U00010000'", True),
        ("false < true", True),
        ("huge > 1.0 && huge > 1", True),
        # arithmetic
        ("1 + 2 * 3 - 4", 3),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / -2", -3),
        ("7 % 3", 1),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("7u / 2u", Uint(3)),
        ("7u % 4u", Uint(3)),
        ("1u + 2u", Uint(3)),
        ("7.0 / 2.0", 3.5),
        ("1.0 / 0.0", math.inf),
        ("-1.0 / 0.0", -math.inf),
        ("1.0 / -0.0", -math.inf),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("9223372036854775807 + 0", 2**63 - 1),
        ("-i", -5),
        ("-f", -5.0),
        # logic: a deciding side absorbs the failure of the other one
        ("true && false", False),
        ("false || true", True),
        ("!b", False),
        ("false && 1 / 0 > 1", False),
        ("1 / 0 > 1 && false", False),
        ("true || missing", True),
        ("missing || true", True),
        ("'text' || true", True),
        ("false && 'text'", False),
        ("true ? 1 : 1 / 0", 1),
        ("false ? 1 / 0 : 2", 2),
        # members, elements, membership
        ("m.a", 1),
        ("m['a']", 1),
        ("m.b.c", "d"),
        ("m[''] == 0", True),
        ("l[0]", 1),
        ("l[1u]", 2.0),
        ("l[2.0]", "x"),
        ("t[1]", 2),
        ("{1: 'x'}[1.0]", "x"),
        ("{true: 'x'}[true]", "x"),
        ("2 in l", True),
        ("null in l", True),
        ("true in l", False),
        ("'a' in m", True),
        ("'z' in m", False),
        ("1 in {1u: 0}", True),
        ("true in {1: 0}", False),
        ("has(m.a)", True),
        ("has(m.z)", False),
        ("has(m.b.c)", True),
        # conversions
        ("int(f)", 5),
        ("int(h)", 5),
        ("int(-1.9)", -1),
        ("int(s)", 5),
        ("int('-12')", -12),
        ("int('+12')", 12),
        ("int(7u)", 7),
        ("uint('7')", Uint(7)),
        ("uint(7.9)", Uint(7)),
        ("double(i)", 5.0),
        ("double('1e3')", 1000.0),
        ("double('.5')", 0.5),
        ("double('-Infinity')", -math.inf),
        ("bool('true') && bool('1') && !bool('False') && bool(b)", True),
        ("string(i)", "5"),
        ("string(f)", "5"),
        ("string(0.1)", "0.1"),
        ("string(100000.0)", "100000"),
        ("string(1000000.0)", "1e+06"),
        ("string(123456789.0)", "1.23456789e+08"),
        ("string(0.0001)", "0.0001"),
        ("string(-0.00001)", "-1e-05"),
        ("string(-4.5e-3)", "-0.0045"),
        ("string(0.0)", "0"),
        ("string(inf)", "+Inf"),
        ("string(nan)", "NaN"),
        ("string(b)", "true"),
        ("string(7u)", "7"),
        ("string('x')", "x"),
        ("dyn(i)", 5),
        # sizes and strings
        ("size('é🐱')", 2),
        ("'abc'.size()", 3),
        ("size(l) + size(m)", 7),
        ("'hello'.contains('ell') && !'hello'.contains('x')", True),
        ("'hello'.startsWith('he') && 'hello'.endsWith('lo')", True),
        ("'hello'.matches('^h.*o$')", True),
        ("matches('hello', 'ell')", True),
        ("'hello'.matches('^ell')", False),
        # KFP's function
        ("parseJson('{\"a\": [1, 2.5, null]}')['a'][1]", 2.5),
        ("parseJson('[1, 2]')", [1, 2]),
        ("parseJson(m)['a']", 1),
        ("parseJson(l)[2]", "x"),
        ("parseJson('\"x\"')", "x"),
        ("{'a': [i, {'b': s}]}", {"a": [5, {"b": "5"}]}),
    ],
)
def test_an_expression_has_this_value(text, value):
    got = evaluate(parse(text), VARIABLES)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("missing", "no variable 'missing'"),
        ("int", "no variable 'int'"),
        ("s < i", "string and int have no order"),
        ("b < 1", "bool and int have no order"),
        ("n < null", "no order"),
        ("[1] < [2]", "no order"),
        ("nan < 1.0", "NaN has no order"),
        ("1 >= nan", "NaN has no order"),
        ("i + f", "no int + double"),
        ("i + 1u", "no int + uint"),
        ("s + i", "no string + int"),
        ("b + b", "no bool + bool"),
        ("f % f", "no double % double"),
        ("s - s", "no string - string"),
        ("s * i", "no string * int"),
        ("m + m", "no map + map"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("1u / 0u", "division by zero"),
        ("9223372036854775807 + 1", "does not fit"),
        ("-9223372036854775808 - 1", "does not fit"),
        ("9223372036854775807 * 2", "does not fit"),
        ("-9223372036854775808 / -1", "does not fit"),
        ("-9223372036854775808 % -1", "does not fit"),
        ("-(-9223372036854775808)", "does not fit"),
        ("1u - 2u", "does not fit"),
        ("18446744073709551615u + 1u", "does not fit"),
        ("huge + 1", "does not fit"),
        ("-1u", "no -uint"),
        ("-s", "no -string"),
        ("!i", "needs a bool, not int"),
        ("!s", "needs a bool, not string"),
        ("true && i", "needs a bool, not int"),
        ("n || false", "needs a bool, not null_type"),
        ("1 / 0 > 1 && true", "division by zero"),
        ("false || missing", "no variable"),
        ("i ? 1 : 2", "needs a bool, not int"),
        ("m.z", "no key 'z'"),
        ("m['z']", "no key 'z'"),
        ("m[null]", "no type for the key"),
        ("m[[]]", "no type for the key"),
        ("{1: 'x'}[true]", "no key"),
        ("s.a", "string has no field 'a'"),
        ("s[0]", "string has no elements"),
        ("l[4]", "no element 4"),
        ("l[-1]", "no element -1"),
        ("l[0.5]", "no index"),
        ("l['0']", "no index"),
        ("l[true]", "no index"),
        ("1 in 'x'", "no int in string"),
        ("has(s.a)", "has no fields"),
        ("{'a': 1, 'a': 2}", "stands twice"),
        ("{1: 1, 1u: 2}", "stands twice"),
        ("{1: 1, true: 2}", "cannot stand beside"),
        ("{1.0: 1}", "no type for the key"),
        ("int('abc')", "cannot convert the string 'abc'"),
        ("int('5.0')", "cannot convert"),
        ("int(' 5')", "cannot convert"),
        ("int('1_0')", "cannot convert"),
        ("int('٣')", "cannot convert"),
        ("int('')", "cannot convert"),
        ("int('9223372036854775808')", "does not fit"),
        ("int(inf)", "cannot convert"),
        ("int(nan)", "cannot convert"),
        ("int(1e99)", "cannot convert"),
        ("int(true)", "cannot convert the bool"),
        ("int(huge)", "does not fit"),
        ("uint(-1)", "does not fit"),
        ("uint('-1')", "cannot convert"),
        ("double('x')", "cannot convert"),
        ("double('1e999')", "cannot convert"),
        ("double(true)", "cannot convert"),
        ("bool('yes')", "cannot convert"),
        ("bool('TrUe')", "cannot convert"),
        ("bool(1)", "cannot convert"),
        ("string(l)", "cannot convert the list"),
        ("string(n)", "cannot convert the null_type"),
        ("size(i)", "no size"),
        ("i.contains('5')", "no int.contains"),
        ("'a'.matches(1)", "no string.matches"),
        ("'a'.matches('(')", "'\\(' without '\\)'"),
        ("parseJson('nope')", "no JSON"),
        ("parseJson('NaN')", "no JSON"),
        ("parseJson('1e999')", "no JSON"),
        ("parseJson('{\"a\": 1}').b", "no key 'b'"),
        ("parseJson(i)", "takes a string"),
        ("o == 1", "Python type 'object'"),
    ],
)
def test_an_expression_fails_and_says_why(text, message):
    with pytest.raises(RunError, match=message) as caught:
        evaluate(parse(text), VARIABLES)
    assert caught.value.code == "E430"


def test_a_failure_shows_the_whole_expression_and_the_part():
    with pytest.raises(RunError) as caught:
        evaluate(parse("i > 1 && int(s + 'x') > 3"), VARIABLES)
    assert caught.value.where == 'i > 1 && int(s + "x") > 3'
    assert caught.value.got == 'int(s + "x")'


def test_a_failure_lists_what_there_is():
    with pytest.raises(RunError) as caught:
        evaluate(parse("inputs.parameter_values['rate']"), {"inputs": {"parameter_values": {"lr": 0.1, "epochs": 3}}})
    assert caught.value.hint == "it has: epochs, lr"


def test_values_of_any_depth_fail_cleanly():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RunError, match="nested too deeply"):
        evaluate(parse("x == y"), {"x": deep, "y": [deep]})
    with pytest.raises(RunError, match="no JSON"):
        evaluate(parse("parseJson(x)"), {"x": "[" * 100_000})
    while deep:  # taken apart by hand, so that the garbage collector need not recurse
        deep = deep[0]


def test_python_numbers_of_any_size_do_not_escape_as_python_errors():
    for text in ("x == 1.0", "x < 1.0", "double(x)", "string(x)", "int(x)", "x + 1", "-x"):
        try:
            evaluate(parse(text), {"x": 10**5000})
        except RunError as error:
            assert error.code == "E430"
