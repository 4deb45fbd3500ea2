"""Makes the gate's table of fields from the JSON Schemas of the three lines of Argo; run it to write `fields.txt` anew.

MILONGA_SHARED=FOLDER python tests/compiler/targets/argo/gate/table_of_schemas.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VERSIONS = ("3.7", "4.0", "4.1")
KINDS = ("ClusterWorkflowTemplate", "CronWorkflow", "Workflow", "WorkflowTemplate")
HEAD = """\
# The fields of the kinds of Argo Workflows and their types, by line of Argo; `field_table.py` tells how to read it.
# Made from the definitions (CRDs) of Argo Workflows, https://github.com/argoproj/argo-workflows, Apache-2.0.
"""
CONFIG_MAP = "ConfigMap: apiVersion!=text binaryData={text} data={text} immutable=bool kind!=text metadata!=metadata"
_NAMES = {"string": "text", "boolean": "bool", "integer": "int", "number": "number"}


class _Table:
    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self.shared = {version: schema["$defs"] for version, schema in schemas.items()}
        self.lines: dict[str, str] = {}

    def resolved(self, version: str, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self.shared[version][node["$ref"].rpartition("/")[2]]
        return node

    def type_of(self, nodes: Mapping[str, Mapping[str, Any]], name: str) -> str:
        """The type of a place, given what each line of Argo says about it; only structures may differ."""
        nodes = {version: self.resolved(version, node) for version, node in nodes.items()}
        types = {version: self.plain(node) for version, node in nodes.items()}
        kinds = set(types.values())
        assert len(kinds) == 1, (name, types)
        kind = kinds.pop()
        if kind == "array":
            return f"[{self.type_of({v: n['items'] for v, n in nodes.items()}, name)}]"
        if kind == "map":
            return "{" + self.type_of({v: n["additionalProperties"] for v, n in nodes.items()}, name) + "}"
        return self.structure(nodes, name) if kind == "fields" else kind

    def plain(self, node: Mapping[str, Any]) -> str:
        kind = node.get("type")
        null = isinstance(kind, list) and "null" in kind
        if null:
            (kind,) = set(kind) - {"null"}
        if isinstance(kind, list):
            return "quantity" if "pattern" in node else "intstr"
        if kind == "array":
            return "array"
        if kind == "object":
            if node.get("properties"):
                return "fields"
            others = node.get("additionalProperties")
            return "map" if isinstance(others, Mapping) else "none" if others is False else "any"
        if kind is None:
            return "any"
        if "enum" in node:
            return f"<{'|'.join(node['enum'])}>"
        return _NAMES[kind] + ("?" if null else "")

    def structure(self, nodes: Mapping[str, Mapping[str, Any]], name: str) -> str:
        names = sorted({field for node in nodes.values() for field in node["properties"]})
        body = " ".join(self.field(nodes, field) for field in names)
        for known, line in self.lines.items():
            if line == body and not known[0].isupper():
                return known
        number = next(n for n in range(1, 1000) if f"{name}{n if n > 1 else ''}" not in self.lines)
        key = f"{name}{number if number > 1 else ''}"
        self.lines[key] = body
        return key

    def field(self, nodes: Mapping[str, Mapping[str, Any]], name: str) -> str:
        """One field; several entries where a line of Argo takes another plain type or asks for it."""
        having = {version: node for version, node in nodes.items() if name in node["properties"]}
        groups: dict[tuple[bool, str], list[str]] = {}
        for version, node in having.items():
            kind = self.plain(self.resolved(version, node["properties"][name]))
            groups.setdefault((name in node.get("required", ()), kind), []).append(version)
        entries = []
        for (required, _), versions in groups.items():
            kind = self.type_of({version: having[version]["properties"][name] for version in versions}, name)
            # A line that lacks the whole structure lacks the field too, so only its own lines count.
            marks = "" if len(versions) == len(nodes) else f"@{','.join(versions)}"
            entries.append(f"{name}{'!' if required else ''}{marks}={kind}")
        return " ".join(entries)


def table_text(shared: Path) -> str:
    """The whole text of `fields.txt`."""
    table: _Table | None = None
    lines: dict[str, str] = {}
    for kind in KINDS:
        schemas = {
            v: json.loads((shared / f"v{v}" / f"{kind}.v1alpha1.schema.json").read_text("utf-8")) for v in VERSIONS
        }
        if table is None:
            table = _Table(schemas)
        table.shared = {version: schema["$defs"] for version, schema in schemas.items()}
        heads = {}
        for version, schema in schemas.items():
            properties = dict(schema["properties"])
            properties["apiVersion"] = properties["kind"] = {"type": "string"}
            if "status" in properties:
                properties["status"] = {"type": "object"}
            heads[version] = {**schema, "properties": properties}
        lines[kind] = table.lines.pop(table.structure(heads, kind))
    assert table is not None
    body = [f"{name}: {text}" for name, text in [*lines.items(), *sorted(table.lines.items())]]
    return HEAD + "\n".join([CONFIG_MAP, *body]) + "\n"


if __name__ == "__main__":
    import os

    from milonga.compiler.targets.argo.gate.shapes import field_table

    folder = Path(os.environ["MILONGA_SHARED"]) / "schemas" / "argo"
    Path(field_table.__file__).with_name("fields.txt").write_text(table_text(folder), encoding="utf-8")
