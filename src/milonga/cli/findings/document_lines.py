"""Where in a pipeline file something stands, by its path in the graph or in the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class DocumentLines:
    """The nodes of a YAML or JSON file, which know their lines; none for a file that cannot be read."""

    documents: tuple[Any, ...] = ()

    @classmethod
    def of_file(cls, path: Path) -> DocumentLines:
        """The nodes of the file at `path`."""
        try:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            return cls(tuple(yaml.compose_all(path.read_text("utf-8"), Loader=loader)))
        except (OSError, ValueError, yaml.YAMLError, RecursionError):
            return cls()

    def line_of(self, path: str) -> int:
        """The line, from 1, of what `path` names; 0 when it is not there.

        Args:
            path: "root/train" and "comp-a/train" are tasks, "comp-a" is a component, "root.dag.tasks.train" is a path
                in the document, as errors of reading have it.
        """
        component, slash, task = path.partition("/")
        inside = ["dag", "tasks", task] if slash else []
        for document in self.documents:
            found = _by_keys(document, ["root", *inside] if component == "root" else ["components", component, *inside])
            line = found or _by_path(document, path)
            if line:
                return line
        return 0


def _entries(node: Any) -> list[tuple[str, Any, Any]]:
    """Key, key's node and value's node of a mapping; nothing for other nodes."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(str(key.value), key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _by_keys(node: Any, keys: Sequence[str]) -> int:
    for number, wanted in enumerate(keys):
        found = next(((key, value) for name, key, value in _entries(node) if name == wanted), None)
        if found is None:
            return 0
        if number == len(keys) - 1:
            return int(found[0].start_mark.line) + 1
        node = found[1]
    return 0


def _by_path(node: Any, path: str) -> int:
    """Keys may hold dots themselves, so each that the path begins with is tried."""
    if isinstance(node, yaml.SequenceNode) and path.startswith("["):
        number, _, rest = path[1:].partition("]")
        if not number.isdigit() or int(number) >= len(node.value):
            return 0
        item = node.value[int(number)]
        return (_by_path(item, rest.removeprefix(".")) if rest else 0) or int(item.start_mark.line) + 1
    for name, key, value in _entries(node):
        if path == name:
            return int(key.start_mark.line) + 1
        if name and path.startswith((f"{name}.", f"{name}[")):
            inner = _by_path(value, path[len(name) :].removeprefix("."))
            return inner or int(key.start_mark.line) + 1
    return 0
