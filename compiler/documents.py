"""Pipeline files: read YAML or JSON safely, write YAML that is the same bytes for the same content.

Reading goes through PyYAML's safe loader (libyaml where it is there) and refuses duplicate keys and files that
alias one node over and over. Writing is our own: a block-style emitter for JSON values, about twenty times faster
than a general one, which is what keeps compilation of large pipelines cheap (see benchmarks/compile).
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from milonga.compiler.document_places import DocumentPlaces
from milonga.compiler.graph import Graph
from milonga.compiler.json_documents import json_documents
from milonga.compiler.surrogates import has_surrogates, with_whole_characters
from milonga.errors import InvalidPipeline

_BYTES_MAX = 64 * 1024 * 1024
_NODES_MAX = 5_000_000
_NESTING_SURE = 2000
"""Every stack has room for so many levels of libyaml's composer; some end at twenty thousand."""

_SIMPLE_KEY_MAX = 1000
"""A key that is longer than 1024 characters must be written with a question mark (YAML 1.1, section 9.3.2)."""

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_ASTRAL = re.compile("([\U00010000-\U0010ffff])")
_RESERVED = frozenset(
    variant
    for word in ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
    for variant in (word, word.capitalize(), word.upper())
)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that refuses duplicate keys and does not read dates or other surprises into text."""


class _SlowLoader(yaml.SafeLoader):
    """The same without libyaml, for texts with halves of surrogate pairs."""


def _construct_mapping(loader: Any, node: Any) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (dict, list)):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _construct_timestamp(loader: Any, node: Any) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _construct_timestamp)
_SlowLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_SlowLoader.add_constructor("tag:yaml.org,2002:timestamp", _construct_timestamp)


def load_graph(path: Path) -> Graph:
    """Read a pipeline file, YAML or JSON.

    Raises:
        InvalidPipeline: E200 unreadable, E201-E206 no pipeline; `where` starts with the file's name.
    """
    text = read_pipeline_text(path)
    try:
        graph = Graph.from_documents(parse_documents(text))
    except InvalidPipeline as error:
        error.where = f"{path}: {error.where}" if error.where else str(path)
        raise
    return dataclasses.replace(graph, places=DocumentPlaces(path, text))


def read_pipeline_text(path: Path) -> str:
    """The text of a pipeline file.

    Raises:
        InvalidPipeline: E200, unreadable.
    """
    try:
        size = path.stat().st_size
        if size > _BYTES_MAX:
            raise InvalidPipeline("E200", "the file is too large", where=str(path), got=f"{size} bytes")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidPipeline(
            "E200", "the file is no text", where=str(path), expected="a pipeline in YAML or JSON"
        ) from None
    except OSError as error:
        raise InvalidPipeline("E200", f"the file cannot be read: {error.strerror}", where=str(path)) from None


def parse_documents(text: str) -> tuple[Any, ...]:
    """The JSON values of a YAML or JSON text, one a document, empty documents left out.

    Raises:
        InvalidPipeline: E200, not YAML, or YAML made to be expensive.
    """
    try:
        as_json = json_documents(text)
        if as_json is not None:
            return _pipelines(as_json)
        text = with_whole_characters(text)
        loader = _SlowLoader if has_surrogates(text) else _Loader
        _require_shallow(text, loader)
        documents = list(yaml.load_all(text, Loader=loader))
        is_expensive = "*" in text and sum(_expanded_size(document, {}) for document in documents) > _NODES_MAX
    except RecursionError:
        raise _too_deep() from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        # The last five are what PyYAML's constructors run into with a tag that does not fit its value.
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or (str(error).splitlines() or [type(error).__name__])[0]
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidPipeline("E200", f"the file is not valid YAML: {problem}", where=place) from None
    if is_expensive:
        raise InvalidPipeline("E200", "the file aliases YAML nodes over and over", hint="write the values out")
    return _pipelines(tuple(documents))


def _pipelines(documents: tuple[Any, ...]) -> tuple[Any, ...]:
    """Those documents that hold something, the first of which must look like a pipeline."""
    found = tuple(document for document in documents if document is not None)
    if not found:
        raise InvalidPipeline("E204", "the file is empty", expected="a KFP PipelineSpec")
    if not isinstance(found[0], Mapping):
        raise InvalidPipeline(
            "E201",
            "the file is no pipeline",
            got=type(found[0]).__name__,
            expected="a mapping with 'pipelineInfo', 'root'",
        )
    return found


def _require_shallow(text: str, loader: Any) -> None:
    """Refuse what is nested so deeply that libyaml would use up the stack and take the process down with it."""
    if sum(map(text.count, ("[", "{", "- ", "? "))) <= _NESTING_SURE:
        return
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _NESTING_SURE:
                raise _too_deep()
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep() -> InvalidPipeline:
    return InvalidPipeline("E200", "the file is nested too deeply", expected="at most a hundred levels")


def _expanded_size(value: Any, known: dict[int, float]) -> float:
    """How many nodes `value` has when each alias is written out; infinite for one that holds itself."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = math.inf
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_expanded_size(item, known) for item in items)
    return known[id(value)]


def dump_yaml(value: Any) -> str:
    """`value` as one YAML document in block style, keys sorted, ending in one newline.

    Raises:
        TypeError, ValueError: something in it has no JSON form.
    """
    lines: list[str] = []
    _emit(value, "", lines, "")
    return "\n".join(lines) + "\n"


def dump_graph(graph: Graph, header: str = "") -> str:
    """All documents of a graph as YAML text."""
    return header + dump_documents(graph.to_documents())


def dump_documents(documents: tuple[dict[str, Any], ...]) -> str:
    """Documents as YAML text, one after the other."""
    return "---\n".join(dump_yaml(document) for document in documents)


@functools.lru_cache(maxsize=65536)
def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value not in _RESERVED:
        return value
    # JSON writes a character beyond U+FFFF as two escapes, YAML as one of eight digits.
    parts = (
        f"\\U{ord(part):08x}" if index % 2 else json.dumps(part)[1:-1]
        for index, part in enumerate(_ASTRAL.split(value))
    )
    return f'"{"".join(parts)}"'


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no JSON form")
        text = repr(value)
        return text if "e" not in text or "." in text else text.replace("e", ".0e")
    if not isinstance(value, int):
        raise TypeError(f"{value!r} has no JSON form")
    return str(value)


def _is_block_text(value: Any) -> TypeGuard[str]:
    """Whether a text reads better as a literal block: several lines, nothing that YAML would change."""
    return (
        isinstance(value, str)
        and "\n" in value
        and len(value) < 200_000
        and not value.startswith((" ", "\n", "\t"))
        and all(character == "\n" or character == "\t" or (character.isprintable()) for character in value)
        and not any(line != line.rstrip() for line in value.split("\n"))
    )


def _emit_block(value: str, indent: str, lines: list[str], start: str) -> None:
    body = value.rstrip("\n")
    newlines = len(value) - len(body)
    lines.append(start + ("|-" if newlines == 0 else "|" if newlines == 1 else "|+"))
    lines.extend(indent + line if line else "" for line in value.split("\n")[: -1 if newlines else None])


def _emit(value: Any, indent: str, lines: list[str], start: str) -> None:
    """Append `value`; `start` is the text that its first line begins with (a key or a dash, or nothing)."""
    if isinstance(value, dict) and value:
        if start:
            lines.append(start.rstrip())
        for key in sorted(value):
            text = _text(key)
            start = f"{indent}{text}:" if len(text) <= _SIMPLE_KEY_MAX else f"{indent}? {text}\n{indent}:"
            _emit_entry(value[key], indent, lines, start)
    elif isinstance(value, (list, tuple)) and value:
        if start:
            lines.append(start.rstrip())
        for item in value:
            _emit_item(item, indent, lines)
    else:
        empty = "{}" if isinstance(value, dict) else "[]" if isinstance(value, (list, tuple)) else None
        lines.append(start + (empty or _scalar(value)))


def _emit_entry(value: Any, indent: str, lines: list[str], start: str) -> None:
    if isinstance(value, (dict, list, tuple)) and value:
        lines.append(start)
        inner = indent if isinstance(value, (list, tuple)) else indent + "  "
        _emit(value, inner, lines, "")
    elif _is_block_text(value):
        _emit_block(value, indent + "  ", lines, start + " ")
    else:
        _emit(value, indent, lines, start + " ")


def _emit_item(value: Any, indent: str, lines: list[str]) -> None:
    if isinstance(value, dict) and value:
        before = len(lines)
        _emit(value, indent + "  ", lines, "")
        lines[before] = f"{indent}- {lines[before][len(indent) + 2 :]}"
    elif isinstance(value, (list, tuple)) and value:
        lines.append(f"{indent}-")
        _emit(value, indent + "  ", lines, "")
    elif _is_block_text(value):
        _emit_block(value, indent + "  ", lines, f"{indent}- ")
    else:
        _emit(value, indent, lines, f"{indent}- ")
