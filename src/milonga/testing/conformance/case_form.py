"""The form of a case, checked when a corpus is read: what is not understood is not passed over.

`EXPECTATIONS` has a form for each key that has a check, and checks rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.testing.conformance.checks.references import OPERATORS, is_reference, references_in
from milonga.testing.conformance.checks.rules import RULES
from milonga.testing.conformance.forms import (
    INTEGER,
    TEXT,
    Form,
    Misformed,
    anything,
    by_name,
    each,
    instance_of,
    record,
)
from milonga.testing.conformance.matchers import MATCHERS


def value_form(value: Any, place: str) -> None:
    """A JSON value, with matchers wherever a value may stand."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            value_form(item, f"{place}[{index}]")
    elif isinstance(value, Mapping):
        marked = [key for key in value if key.startswith("$") and not key.startswith("${")]
        if marked and len(marked) < len(value):
            raise Misformed("an object mixes matchers and plain keys", place, ", ".join(value))
        for key, item in value.items():
            if key in marked:
                _matcher(key, item, place)
            else:
                value_form(item, f"{place}.{key}")


def argument_form(value: Any, place: str) -> None:
    """What a run gets: data, in which `$repeat` is the only object with a meaning."""
    if isinstance(value, list):
        each(argument_form)(value, place)
    elif isinstance(value, Mapping) and value.keys() == {"$repeat"}:
        _matcher("$repeat", value["$repeat"], place)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            argument_form(item, f"{place}.{key}")


def _matcher(name: str, argument: Any, place: str) -> None:
    matcher = MATCHERS.get(name)
    if matcher is None:
        raise Misformed("an unknown matcher", place, name, ", ".join(MATCHERS))
    if not matcher.takes(argument):
        raise Misformed(f"{name} takes {matcher.argument}", place, argument)
    if name == "$one_of":
        value_form(argument, f"{place}.{name}")


def _artifact(value: Any, place: str) -> None:
    """An artifact, or a list of them, in order."""
    if isinstance(value, list):
        each(_artifact)(value, place)
    else:
        _ONE_ARTIFACT(value, place)


def _pair(value: Any, place: str) -> None:
    each(TEXT)(value, place)
    if len(value) != 2:
        raise Misformed("it must be a pair", place, value)


def _reference(value: Any, place: str) -> None:
    if not isinstance(value, str) or not is_reference(value):
        expected = "task path#parameters.NAME, #artifacts.NAME.FIELD, #outputs.NAME or #output_artifacts.NAME.FIELD"
        raise Misformed("it is no reference", place, value, expected)


def _operand(value: Any, place: str) -> None:
    """A value of a rule: a JSON value, `{"ref": reference}` or `{"list": [...]}`."""
    if isinstance(value, Mapping) and value.keys() == {"ref"}:
        _reference(value["ref"], f"{place}.ref")
    elif isinstance(value, Mapping) and value.keys() == {"list"}:
        each(_operand)(value["list"], f"{place}.list")
    else:
        value_form(value, place)


def _condition(value: Any, place: str) -> None:
    if not isinstance(value, list) or len(value) != 3 or value[1] not in tuple(OPERATORS):
        expected = f"[reference, operator, value] with {', '.join(OPERATORS)}"
        raise Misformed("it is no condition", place, value, expected)
    _reference(value[0], f"{place}[0]")
    _operand(value[2], f"{place}[2]")


def _line(value: Any, place: str) -> None:
    """A line of a log, with references in braces."""
    TEXT(value, place)
    for reference in references_in(value):
        _reference(reference, place)


def _rule(value: Any, place: str) -> None:
    name = value.get("rule") if isinstance(value, Mapping) else None
    if not isinstance(name, str) or name not in RULES:
        raise Misformed("it is no rule", place, value, ", ".join(RULES))
    rule = RULES[name]
    required = {key: _RULE_FIELDS[key] for key in rule.required}
    optional = {"if": each(_condition), **{key: _RULE_FIELDS[key] for key in rule.optional}}
    record({"rule": TEXT, **required}, optional)(value, place)


_ONE_ARTIFACT = record(
    {},
    {
        "type": value_form,
        "uri": value_form,
        "text": value_form,
        "files": by_name(value_form),
        "metadata": by_name(value_form),
    },
)
_TASKS = by_name(
    record(
        {},
        {
            "state": value_form,
            "parameters": by_name(value_form),
            "artifacts": by_name(_artifact),
            "log_lines": each(value_form),
            "iterations": value_form,
            "attempts": value_form,
        },
    )
)
_RULE_FIELDS: Mapping[str, Form] = {
    "task": TEXT,
    "tasks": each(TEXT),
    "when": each(_condition),
    "state": TEXT,
    "left": _reference,
    "right": _operand,
    "ref": _reference,
    "min": instance_of((int, float), "a number"),
    "max": instance_of((int, float), "a number"),
    "integer": instance_of(bool, "true or false"),
    "values": each(value_form),
    "line": _line,
}

EXPECTATIONS: Mapping[str, Form] = {
    "state": value_form,
    "outputs": by_name(value_form),
    "outputs_absent": each(TEXT),
    "output_artifacts": by_name(_artifact),
    "tasks": _TASKS,
    "files": by_name(value_form),
    "rules": each(_rule),
    "alternatives": each(record({}, {"when": each(_condition), "state": value_form, "tasks": _TASKS})),
    "order": each(_pair),
    "limits": by_name(INTEGER),
    "second_run": record({}, {"cached": each(TEXT), "executed": each(TEXT)}),
}
"""The form of each key of a case that has a check."""

INPUTS: Mapping[str, Form] = {
    "id": TEXT,
    "arguments": by_name(argument_form),
    "artifact_arguments": by_name(record({"text": argument_form}, {"type": TEXT, "metadata": by_name(argument_form)})),
    "secrets": by_name(by_name(TEXT)),
}
"""The form of each key of a case that says what the run gets."""

_REMARKS = ("established", "confidence", "confidence_reason", "notes")


def require_form(case: Any, place: str) -> None:
    """Check one case, all of it.

    Raises:
        Misformed: something of it has no meaning.
    """
    remarks: dict[str, Form] = dict.fromkeys(_REMARKS, anything)
    optional = {**INPUTS, **EXPECTATIONS, **remarks}
    required = {key: optional.pop(key) for key in ("id", "state")}
    record(required, optional)(case, place)
