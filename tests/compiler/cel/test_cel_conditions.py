"""Conditions and selectors as KFP compiles them, and what a hostile value can do to them: nothing."""

import timeit

import pytest

from milonga.compiler.cel import check, evaluate, parse, referenced_parameters, referenced_variables
from milonga.errors import MilongaError, RunError


def decide(text, **values):
    return evaluate(parse(text), {"inputs": {"parameter_values": values}})


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("inputs.parameter_values['coin'] == 'heads'", {"coin": "heads"}, True),
        ("inputs.parameter_values['coin'] == 'heads'", {"coin": "tails"}, False),
        ("!(inputs.parameter_values['coin'] == 'heads')", {"coin": "tails"}, True),
        ("inputs.parameter_values['coin'] != 'no-such-result'", {"coin": "tails"}, True),
        ("inputs.parameter_values['flag'] == true", {"flag": True}, True),
        ("inputs.parameter_values['flag'] == true", {"flag": "true"}, False),
        ("int(inputs.parameter_values['x']) > 3", {"x": 5}, True),
        ("int(inputs.parameter_values['x']) > 3", {"x": 5.0}, True),
        ("int(inputs.parameter_values['x']) > 3", {"x": "5"}, True),
        ("int(inputs.parameter_values['x']) > 3", {"x": 3.9}, False),
        ("inputs.parameter_values['x'] == 1", {"x": 1.0}, True),
        ("double(inputs.parameter_values['x']) >= 0.5", {"x": 1}, True),
        ("inputs.parameter_values['x'] >= 0.5", {"x": 1}, True),
        ("int(inputs.parameter_values['a'])\n  >= int(inputs.parameter_values['b'])", {"a": 2, "b": 3.0}, False),
        ("inputs.parameter_values['a'] == inputs.parameter_values['b']", {"a": "x", "b": "x"}, True),
        (
            "!(int(inputs.parameter_values['n']) < 5000) && int(inputs.parameter_values['n']) > 5000",
            {"n": 6000},
            True,
        ),
        (
            "!(int(inputs.parameter_values['n']) < 5000) && !(int(inputs.parameter_values['n']) > 5000)",
            {"n": 5000},
            True,
        ),
        ("inputs.parameter_values['list'][1] == 'b' && 'c' in inputs.parameter_values['list']", {"list": "abc"}, None),
        ("inputs.parameter_values['list'][1] == 'b'", {"list": ["a", "b"]}, True),
        ("inputs.parameter_values['x'] == null", {"x": None}, True),
        ("has(inputs.parameter_values.x) && inputs.parameter_values.x == 'a'", {}, False),
    ],
)
def test_conditions(text, values, expected):
    if expected is None:
        with pytest.raises(RunError):
            decide(text, **values)
    else:
        assert decide(text, **values) is expected


@pytest.mark.parametrize("value", [{"A_a": "1", "B_b": [2]}, '{"A_a": "1", "B_b": [2]}'], ids=["map", "text"])
def test_a_selector_takes_a_field_of_a_loop_item(value):
    assert evaluate(parse('parseJson(string_value)["A_a"]'), {"string_value": value}) == "1"
    assert evaluate(parse('parseJson(string_value)["B_b"][0]'), {"string_value": value}) == 2


def test_integers_in_json_stay_integers():
    got = evaluate(parse('parseJson(string_value)["a"]'), {"string_value": '{"a": [1, 2.0, 12345678901234567890]}'})
    assert got == [1, 2.0, 12345678901234567890]
    assert [type(value) for value in got] == [int, float, int]


@pytest.mark.parametrize(
    "value",
    [
        "' or True or '",
        "' || true || '",
        '" || true || "',
        "secret' == 'secret' || 'x",
        "it's",
        "\\",
        "\\'",
        "{{$.inputs.parameters['x']}}",
        "__import__('os').system('true')",
        "inputs.parameter_values['x']",
        "true",
        "null",
        "",
        "\n",
        "\x00",
    ],
)
def test_a_value_is_data_whatever_it_looks_like(value):
    assert decide("inputs.parameter_values['x'] == 'secret'", x=value) is False
    assert decide("inputs.parameter_values['x'] == inputs.parameter_values['y']", x=value, y=value) is True
    assert decide("!(inputs.parameter_values['x'] == 'secret')", x=value) is True


def test_a_missing_parameter_is_an_error_and_not_false():
    with pytest.raises(RunError, match="no key 'x'"):
        decide("inputs.parameter_values['x'] == 'a'")


def test_python_attributes_are_out_of_reach():
    for text in ("inputs.__class__", "inputs.keys", "inputs.parameter_values.items", "'a'.__class__"):
        with pytest.raises(RunError, match=r"no key|no field"):
            decide(text)


def test_the_parameters_an_expression_refers_to():
    text = (
        "int(inputs.parameter_values['b']) > 1 && (inputs.parameter_values.a == 'x' || 'c' in inputs.parameter_values)"
        " && inputs.parameter_values['b'] == other.parameter_values['z'] && inputs.artifacts['m'] == null"
    )
    assert referenced_parameters(parse(text)) == ("b", "a", "c")
    assert referenced_variables(parse(text)) == ("inputs", "other")
    assert referenced_parameters(parse('parseJson(string_value)["a"]')) == ()


def test_check_finds_every_unknown_name_at_once():
    problems = check("inputs.parameter_values['epoch'] == 1 && input.x == inputs.parameter_values['lr']", ("epochs",))
    assert [(problem.code, problem.message.split(",")[0]) for problem in problems] == [
        ("E220", "a condition refers to the variable 'input'"),
        ("E220", "a condition refers to the parameter 'epoch'"),
        ("E220", "a condition refers to the parameter 'lr'"),
    ]
    assert problems[0].hint == "did you mean 'inputs'?"
    assert problems[1].hint == "did you mean 'epochs'?"


def test_check_accepts_what_is_right_and_reports_what_is_no_expression():
    assert check("inputs.parameter_values['x'] == 1", ["x"]) == ()
    assert check('parseJson(string_value)["a"]', (), variables=("string_value",)) == ()
    (problem,) = check("x ==", ["x"])
    assert isinstance(problem, MilongaError)
    assert problem.where == "column 5 of the expression"


def test_a_parsed_condition_is_evaluated_in_microseconds():
    expression = parse("!(inputs.parameter_values['x'] == 'a') && int(inputs.parameter_values['n']) > 3")
    variables = {"inputs": {"parameter_values": {"x": "b", "n": 5.0}}}
    fastest_s = min(timeit.repeat(lambda: evaluate(expression, variables), number=200, repeat=20)) / 200
    assert fastest_s < 20e-6
