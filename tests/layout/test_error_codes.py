"""Every error code has one meaning, stands in the range of its class, and is in the reference."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

CODE = re.compile(r"E\d{3}")
RANGES = {
    "AuthoringError": "1",
    "InvalidPipeline": "2",
    "UnsupportedByTarget": "3",
    "RunError": "4",
    "TaskFailed": "4",
    "StoreError": "4",
    "DataError": "5",
    "DeviceError": "6",
    "LimitNotMet": "6",
    "ServingError": "7",
    "RemoteError": "8",
    "UsageError": "9",
    "MissingExtra": "9",
}
SHARED = {
    "E112": "an input that gets no value: by the tracer for authors, by the rules for files",
    "E113": "a wrong type for an input: by the tracer for authors, by the rules for files",
    "E132": "a construct of the language outside of a pipeline",
    "E143": "tasks in a circle: by the tracer, by the rules, and by the engine as the last line of defence",
    "E149": "a pipeline without tasks: by the tracer and by the rules",
    "E163": "the author's file cannot be loaded",
    "E901": "a setting of a run that breaks a rule, by itself or beside another flag",
    "E812": "a run that a back end does not have; on this machine nobody is remote, and the usage is wrong",
    "E813": "a schedule that a back end does not have; likewise",
    "E919": "an output file that cannot be written",
    "E204": "an empty file, as text or as documents",
    "E210": "a component that does not exist",
    "E211": "a producer that does not exist",
    "E212": "an executor that does not exist",
    "E220": "an expression that is no CEL",
    "E225": "a graph that is not consistent, when it is compiled or run",
    "E410": "the task's own code failed",
    "E423": "the state folder cannot be written",
    "E424": "an artifact cannot be stored",
    "E500": "a source of data that does not exist",
    "E509": "a size or share that is out of range",
    "E526": "a split that is too small to work on",
    "E603": "a device profile that breaks its own format",
    "E720": "a folder that is no deployment, or lacks a part of one",
    "E904": "an argument of the wrong type, from Python or from the command line",
    "E905": "a run that does not exist",
    "E908": "no pipeline of that name",
    "E933": "a setting of a back end that breaks its rule",
    "E961": "a setting of a component that is out of its range",
}
"""Codes that more than one area raises, with the one meaning that they share."""


def area_of(name: str) -> str:
    parts = Path(name).parts
    parts = parts[2:] if parts[0] == "src" else parts
    return "/".join(parts[:2]) if parts[0] == "components" and len(parts) > 2 else parts[0]


@pytest.fixture(scope="module")
def raised(trees) -> dict[str, list[tuple[str, int, str]]]:
    """Code → (file, line, name of the call that carries it)."""
    found: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).split(".")[-1]
                for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    if isinstance(argument, ast.Constant) and CODE.fullmatch(str(argument.value)):
                        found[str(argument.value)].append((name, node.lineno, called))
    return dict(found)


def test_a_code_is_raised_by_one_area_unless_its_meaning_is_shared(raised) -> None:
    areas = {code: {area_of(name) for name, _, _ in places} for code, places in raised.items()}
    several = {code: sorted(found) for code, found in areas.items() if len(found) > 1 and code not in SHARED}
    assert several == {}, "two meanings? or one meaning more to write down in SHARED"


def test_a_code_stands_in_the_range_of_its_class(raised) -> None:
    wrong = [
        f"{code} {called} {name}:{line}"
        for code, places in raised.items()
        for name, line, called in places
        if called in RANGES and code[1] != RANGES[called] and code not in SHARED
    ]
    assert wrong == []


def test_every_code_is_in_the_reference(root: Path, trees) -> None:
    page = (root / "docs" / "reference" / "errors.md").read_text("utf-8")
    literals = {
        node.value
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }
    listed = set(re.findall(r"\bE\d{3}\b", page))
    assert sorted(literals - listed) == [], "make the reference again"


def test_docstrings_name_codes_that_exist(root: Path, trees) -> None:
    """A code that a `Raises:` section promises must be raised somewhere, or be listed as made of parts."""
    literals, promised = set(re.findall(r"\bE\d{3}\b", (root / "docs/reference/errors.md").read_text("utf-8"))), set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if CODE.fullmatch(node.value):
                    literals.add(node.value)
                elif "Raises:" in node.value:
                    promised.update(re.findall(r"\bE\d{3}\b", node.value.split("Raises:")[1]))
    assert sorted(promised - literals) == []
