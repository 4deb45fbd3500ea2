"""Damage to pipeline files: seeded, so that a number names a document."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

from milonga.compiler.documents import dump_yaml

DEEP = json.loads("[" * 60 + "]" * 60)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, -(2**63), 2**64, 10**400, 0.5, -0.0, 1e308, 5e-324,
    "", " ", "x", "x" * 20_000, "\u00e9\u4e2d\U0001f600", "\u202e\u0007\t\n\r", "null", "1", "true", "NaN", "{{$}}",
    "{{$.inputs.parameters['x']}}", "inputs.parameter_values['x'] == 1", "1.5s", "-3s", "4Gi", "root", "a: b", "- x",
    [], {}, [None], [[]], {"": {}}, {"a": {"b": [1, "2", None]}}, ["a", 1], DEEP,
)  # fmt: skip
TAGS = (
    *("!!int", "!!float", "!!bool", "!!null", "!!binary", "!!set", "!!omap", "!!pairs", "!!timestamp", "!!str"),
    *("!!map", "!!seq", "!!python/object:os.system", "!unknown", "!", "!!merge", "!!value", "<<:", "=", "&a"),
    *("*a", "? ", "- "),
)
EXOTIC = (
    *("!!binary aGk=", "!!set {a, b}", "{1: a}", "{1: a, b: c}", "{true: 1}", "{null: 1}", ".nan", "-.inf", "[.inf]"),
    *("0x" + "f" * 5000, "!!omap [a: 1]", "!!pairs [a: 1]", "2001-01-01", "{2001-01-01: 1}", "1:30", "0o17", "1_000"),
    *("&self [*self]", "&self {a: *self}", "[&x [1], *x]", "!!timestamp 2001-01-01T00:00:00Z", '"\\ud800"', "~"),
    *("[" * 99 + "]" * 99, "[" * 130 + "]" * 130, "{<<: {a: 1}}", "{<<: [1]}", "!!float 1", "1e400", "-0.0", "!!str"),
)
"""Values of YAML that JSON does not have, or that readers trip over."""

NAMES = ("", "\u00e9", "x" * 300, "root", "a b")
CHARACTERS = "\t\0\x1b\x85\u2028\ufeff\ud7ff{}[],:&*!|>'\"%@`#-? \nx1"
ANYTHING = {"constant": 1}
WIDE: list[Any] = [
    {
        "pipelineInfo": {"name": "wide"},
        "schemaVersion": "2.1.0",
        "root": {
            "inputDefinitions": {"parameters": {"x": {"parameterType": "STRUCT", "defaultValue": ANYTHING}}},
            "dag": {
                "tasks": {
                    "work": {
                        "componentRef": {"name": "comp-work"},
                        "inputs": {
                            "parameters": {
                                "x": {"componentInputParameter": "x"},
                                "y": {"runtimeValue": {"constant": ANYTHING}},
                                "z": {"runtimeValue": {"constant": [ANYTHING]}},
                                "w": {"runtimeValue": {"constant": 1}},
                            }
                        },
                    },
                    "fetch": {"componentRef": {"name": "comp-fetch"}},
                }
            },
        },
        "components": {
            "comp-work": {
                "executorLabel": "exec-work",
                "inputDefinitions": {
                    "parameters": {
                        "x": {"parameterType": "STRUCT"},
                        "y": {"parameterType": "STRUCT", "literals": [ANYTHING]},
                        "z": {"parameterType": "LIST"},
                        "w": {"defaultValue": 1},
                    }
                },
                "outputDefinitions": {"artifacts": {"a": {"metadata": ANYTHING, "properties": ANYTHING}}},
            },
            "comp-fetch": {"executorLabel": "exec-fetch"},
        },
        "deploymentSpec": {
            "executors": {
                "exec-work": {"container": {"image": "python:3.11-slim", "lifecycle": ANYTHING}},
                "exec-fetch": {"importer": {"artifactUri": {"constant": "s3://b/k"}, "metadata": ANYTHING}},
            }
        },
    },
    {
        "platforms": {
            "kubernetes": {
                "deploymentSpec": {"executors": {"exec-work": {"podMetadata": {"labels": {"constant": "1"}}}}},
                "pipelineConfig": {"workspace": {"kubernetes": {"pvcSpecPatch": ANYTHING}}},
            }
        }
    },
]
"""A right pipeline with a place for any value wherever the format has one."""


def damaged(documents: list[list[Any]], number: int) -> str:
    """The text of document `number`: a few changes to the content, and in every third document some to the text."""
    chance = random.Random(number)
    content = copy.deepcopy(WIDE if number % 12 == 0 else chance.choice(documents))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8)) if number % 6 else 0):
        chance.choice(CHANGES)(chance, content)
    text = written(content, chance)
    if number % 3 == 0:
        for _ in range(chance.choice((1, 1, 2, 5))):
            text = chance.choice(DAMAGES)(chance, text)
    return text


def written(content: list[Any], chance: random.Random) -> str:
    """The documents as YAML, or as JSON where our own writer refuses the content."""
    try:
        return "---\n".join(map(dump_yaml, content))
    except (TypeError, ValueError):
        return "\n---\n".join(json.dumps(document) for document in content)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    found, pending = [], [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            found += [(item, key) for key in item]
            pending += item.values()
        elif isinstance(item, list):
            found += [(item, index) for index in range(len(item))]
            pending += item
    return found


def some_place(chance: random.Random, content: Any) -> tuple[Any, Any]:
    return chance.choice(places(content) or [([0], 0)])


def delete(chance: random.Random, content: Any) -> None:
    holder, key = some_place(chance, content)
    del holder[key]


def replace(chance: random.Random, content: Any) -> None:
    holder, key = some_place(chance, content)
    holder[key] = copy.deepcopy(chance.choice(VALUES))


def resemble(chance: random.Random, content: Any) -> None:
    """Another value of the same type, which the reader lets through to the rules."""
    holder, key = some_place(chance, content)
    alike = [value for value in VALUES if type(value) is type(holder[key])]
    if alike:
        holder[key] = copy.deepcopy(chance.choice(alike))


def rename(chance: random.Random, content: Any) -> None:
    holder, key = some_place(chance, content)
    if isinstance(holder, dict):
        holder[chance.choice((str(key).upper(), f"{key}x", "", str(key)[1:], "\u00e9", "x" * 300, "root"))] = (
            holder.pop(key)
        )


def duplicate(chance: random.Random, content: Any) -> None:
    holder, key = some_place(chance, content)
    if isinstance(holder, dict):
        holder[f"{key}-2"] = copy.deepcopy(holder[key])
    else:
        holder.append(copy.deepcopy(holder[key]))


def transplant(chance: random.Random, content: Any) -> None:
    """Put a part of the document somewhere else: names that mean something else, sources of the wrong kind."""
    source, key = some_place(chance, content)
    part = copy.deepcopy(source[key])
    holder, other = some_place(chance, content)
    holder[other] = part


def rewire(chance: random.Random, content: Any) -> None:
    """Let a name mean another thing of the same file: wrong references, circles."""
    texts = [(holder, key) for holder, key in places(content) if isinstance(holder[key], str) and len(holder[key]) < 80]
    if len(texts) > 1:
        (holder, key), (other, there) = chance.sample(texts, 2)
        holder[key] = other[there]


def add_wait(chance: random.Random, content: Any) -> None:
    tasks = [holder[key] for holder, key in places(content) if key == "tasks" and isinstance(holder[key], dict)]
    names = [name for group in tasks for name in group]
    if names:
        group = chance.choice(tasks)
        for task in group.values():
            if isinstance(task, dict):
                task["dependentTasks"] = chance.sample(names, min(len(names), 2))


CHANGES: tuple[Callable[[random.Random, Any], None], ...] = (
    *(delete, delete, replace, replace, resemble, resemble, resemble, resemble, rename, duplicate),
    *(transplant, transplant, rewire, rewire, add_wait),
)


def truncate(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def strike(chance: random.Random, text: str) -> str:
    """Another character in some places."""
    letters = list(text)
    for _ in range(chance.choice((1, 3, 10))):
        if letters:
            letters[chance.randrange(len(letters))] = chance.choice(CHARACTERS)
    return "".join(letters)


def tag(chance: random.Random, text: str) -> str:
    """A tag, an anchor, an alias or a merge before some value."""
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    before, colon, value = lines[index].partition(": ")
    lines[index] = f"{before}{colon}{chance.choice(TAGS)} {value}" if colon else f"{before} {chance.choice(TAGS)}"
    return "\n".join(lines)


def alias(chance: random.Random, text: str) -> str:
    """A node that stands in two places, or in itself."""
    lines = text.split("\n")
    keys = [index for index, line in enumerate(lines) if line.endswith(":")]
    if len(keys) < 2:
        return text
    first, second = sorted(chance.sample(keys, 2))
    lines[first] += " &shared"
    lines[second] += " *shared"
    return "\n".join(lines)


def shift(chance: random.Random, text: str) -> str:
    """Another indentation of one line."""
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    lines[index] = chance.choice(("  ", "\t", " ", "      ")) + lines[index]
    return "\n".join(lines)


def repeat(chance: random.Random, text: str) -> str:
    """Some lines twice."""
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    return "\n".join([*lines[: index + chance.randrange(9)], *lines[index:]])


def plant(chance: random.Random, text: str) -> str:
    """A value that only YAML has, mostly where any value may stand."""
    lines = text.split("\n")
    wide = [index for index, line in enumerate(lines) if re.search(r"(constant|[vV]alue|raw|name|labels):( |$)", line)]
    index = chance.choice(wide) if wide and chance.random() < 0.8 else chance.randrange(len(lines))
    lines[index] = lines[index].partition(":")[0] + ": " + chance.choice(EXOTIC)
    return "\n".join(lines)


def nest(chance: random.Random, text: str) -> str:
    """Brackets without end in place of a value."""
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    count = chance.choice((50, 90, 200, 3000))
    lines[index] = lines[index].partition(":")[0] + ": " + chance.choice(("[" * count + "]" * count, "{a: " * count))
    return "\n".join(lines)


def frame(chance: random.Random, text: str) -> str:
    """Something before or behind the documents."""
    before = chance.choice(("", "\ufeff", "%YAML 1.2\n---\n", "---\n---\n", "# comment\n", "{}\n---\n"))
    behind = chance.choice(("", "\n...\n", "\n---\n", "\n---\n{}\n", "\n---\nplatforms: {}\n", "\n---\n- x\n"))
    return before + text + behind


DAMAGES: tuple[Callable[[random.Random, str], str], ...] = (
    *(truncate, strike, strike, tag, tag, alias, alias, shift, repeat, nest, frame),
    *(plant, plant, plant, plant, plant),
)
