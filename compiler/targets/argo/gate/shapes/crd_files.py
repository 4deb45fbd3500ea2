"""Definitions of kinds in a folder of the user's."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from milonga.compiler.targets.argo.gate.document import API_VERSION
from milonga.compiler.targets.argo.gate.shapes.schema_reader import shape_of_schema
from milonga.compiler.targets.argo.gate.shapes.shape import Shape
from milonga.errors import UnsupportedByTarget

_GROUP, _VERSION = API_VERSION.split("/")
_SUFFIXES = (".yaml", ".yml", ".json", ".yaml.gz", ".yml.gz", ".json.gz")


def shape_in(schemas: Path, version: str, kind: str) -> Shape:
    """The shape of a kind.

    A folder may hold one folder a line of Argo (`v4.0`), definitions in a folder `crds-full`, or the files themselves.

    Raises:
        UnsupportedByTarget: E322, nothing readable is there, or nothing about this kind.
    """
    root = schemas / f"v{version}" if (schemas / f"v{version}").is_dir() else schemas
    ready = root / f"{kind}.{_VERSION}.schema.json"
    if ready.is_file():
        return shape_of_schema(_checked(json.loads(_text(ready)), ready))
    for file in _files(root):
        for document in _documents(file):
            schema = _schema_of(document, kind)
            if schema is not None:
                return shape_of_schema(schema)
    _refuse(f"no definition of the kind {kind} is there", root, "the full CRDs, or `kubectl get crd -o yaml > FILE`")


def _files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    folder = root / "crds-full" if (root / "crds-full").is_dir() else root
    if not folder.is_dir():
        _refuse("there is no such file or folder", root, "a folder with CRDs")
    return sorted(file for file in folder.iterdir() if file.name.endswith(_SUFFIXES) and file.is_file())


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        return (gzip.decompress(data) if file.name.endswith(".gz") else data).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        _refuse(f"a file of definitions cannot be read: {error}", file)


def _documents(file: Path) -> Iterator[Mapping[str, Any]]:
    """The objects in a file, those in lists as well."""
    import yaml

    text = _text(file)
    if f"group: {_GROUP}" not in text and f'"{_GROUP}"' not in text:
        return
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a definition has 3 MB: twelve seconds without it
    try:
        found = [json.loads(text)] if text.lstrip().startswith("{") else list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError) as error:
        _refuse(f"a file of definitions is no YAML or JSON: {str(error)[:200]}", file)
    for document in found:
        if isinstance(document, Mapping):
            items = document.get("items")
            found_here = items if isinstance(items, list) else [document]
            yield from (entry for entry in found_here if isinstance(entry, Mapping))


def _schema_of(document: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    spec = document.get("spec")
    if not isinstance(spec, Mapping) or document.get("kind") != "CustomResourceDefinition":
        return None
    names = spec.get("names")
    if spec.get("group") != _GROUP or not isinstance(names, Mapping) or names.get("kind") != kind:
        return None
    for version in spec.get("versions") or ():
        if version.get("name") == _VERSION:
            schema = (version.get("schema") or {}).get("openAPIV3Schema")
            return schema if isinstance(schema, Mapping) else None
    return None


def _checked(schema: Any, file: Path) -> Mapping[str, Any]:
    if isinstance(schema, Mapping):
        return schema
    _refuse("a file of definitions holds no mapping", file)


def _refuse(message: str, place: Path, expected: str = "") -> NoReturn:
    raise UnsupportedByTarget("E322", message, where=str(place), expected=expected)
