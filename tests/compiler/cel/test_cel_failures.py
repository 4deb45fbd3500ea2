"""What fails, and what the error says."""

import inspect
import math
import re
import sys

import pytest

from milonga.compiler.cel import evaluate, parse
from milonga.errors import MilongaError, RunError

VARIABLES = {
    "i": 5,
    "f": 5.0,
    "s": "5",
    "b": True,
    "n": None,
    "nan": math.nan,
    "inf": math.inf,
    "huge": 2**70,
    "l": [1, 2.0, "x", None],
    "m": {"a": 1, "b": {"c": "d"}},
    "o": object(),
}


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
        ("'a'.matches('(')", "'(' without ')'"),
        ("parseJson('nope')", "no JSON"),
        ("parseJson('NaN')", "no JSON"),
        ("parseJson('1e999')", "no JSON"),
        ("parseJson('{\"a\": 1}').b", "no key 'b'"),
        ("parseJson(i)", "takes a string"),
        ("o == 1", "Python type 'object'"),
    ],
)
def test_an_expression_fails_and_says_why(text, message):
    with pytest.raises(RunError, match=re.escape(message)) as caught:
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
    for text in ("x == 1.0", "x < 1.0", "double(x)", "string(x)", "int(x)", "x + 1", "-x", "[1][x]", "{}[x]"):
        for number in (10**5000, -(10**5000)):
            try:
                evaluate(parse(text), {"x": number})
            except RunError as error:
                assert error.code == "E430"


def test_a_caller_deep_in_the_stack_gets_an_error_of_ours():
    text = "(" * 60 + "x + 1" + ")" * 60 + " + 1" * 100
    expression = parse(text)

    def descend(levels):
        if levels:
            return descend(levels - 1)
        outcomes = []
        for attempt in (lambda: parse(text), lambda: evaluate(expression, {"x": "a"})):
            try:
                attempt()
            except MilongaError as error:
                outcomes.append(error.code)
        return outcomes

    used = len(inspect.stack(0))
    for left in range(60, 400, 20):
        assert set(descend(sys.getrecursionlimit() - used - left)) <= {"E220", "E430"}
