"""Where in a pipeline file its tasks stand, found only when somebody asks: most files have no findings."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from milonga.compiler.surrogates import has_surrogates, with_whole_characters
from milonga.dsl.places import Place


class DocumentPlaces(Mapping[str, Place]):
    """Places in one file, by "component/task" and "component/", as `Graph.places` has them.

    Holds the text, not the parsed nodes, until the first question. Not thread-safe on that one; read-only after it.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path = str(path)
        self._text = text

    def __getitem__(self, key: str) -> Place:
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @functools.cached_property
    def _found(self) -> dict[str, Place]:
        text = with_whole_characters(self._text)
        loader = yaml.SafeLoader if has_surrogates(text) else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = next(iter(yaml.compose_all(text, Loader=loader)), None)
        found: dict[str, Place] = {}
        for key, value in _entries(document):
            if key.value == "root":
                self._add("root", key, value, found)
            elif key.value == "components":
                for name, component in _entries(value):
                    self._add(name.value, name, component, found)
        return found

    def _add(self, component: str, key: Any, value: Any, found: dict[str, Place]) -> None:
        found[f"{component}/"] = Place(self._path, key.start_mark.line + 1)
        for task, _ in _entries(_inside(_inside(value, "dag"), "tasks")):
            found[f"{component}/{task.value}"] = Place(self._path, task.start_mark.line + 1)


def _entries(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _inside(node: Any, name: str) -> Any:
    return next((value for key, value in _entries(node) if key.value == name), None)
