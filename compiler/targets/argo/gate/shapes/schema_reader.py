"""Shapes from an OpenAPI v3 schema of a definition (CRD), or from the JSON Schema that was made of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.targets.argo.gate.shapes.shape import ANYTHING, Rule, Shape

_TEXT = Shape(kinds=frozenset(("string",)))
_TEXTS = Shape(kinds=frozenset(("object",)), others=_TEXT)
_SERVERS_OWN = (
    "uid",
    "resourceVersion",
    "selfLink",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
)
_METADATA = Shape(
    kinds=frozenset(("object",)),
    fields={
        "name": _TEXT,
        "generateName": _TEXT,
        "namespace": _TEXT,
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": Shape(kinds=frozenset(("array",)), items=_TEXT),
        "ownerReferences": Shape(kinds=frozenset(("array",)), items=ANYTHING),
        **dict.fromkeys(
            (
                "uid",
                "resourceVersion",
                "selfLink",
                "generation",
                "creationTimestamp",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "managedFields",
            ),
            ANYTHING,
        ),
    },
)
"""What every object has; a definition says no more than `type: object`."""


def shape_of_schema(schema: Mapping[str, Any]) -> Shape:
    """The shape of a whole object of some kind."""
    shape = _Reader(schema.get("$defs") or {}).node(schema)
    fields = {**shape.fields, "apiVersion": _TEXT, "kind": _TEXT}
    if not fields.get("metadata", ANYTHING).fields:
        fields["metadata"] = _METADATA
    required = shape.required | {"apiVersion", "kind", "metadata"}
    return Shape(kinds=shape.kinds, fields=fields, required=required, is_open=shape.is_open, rules=shape.rules)


class _Reader:
    """Reads nodes; what is shared by `$ref` is read once."""

    def __init__(self, shared: Mapping[str, Any]) -> None:
        self._shared = shared
        self._read: dict[str, Shape] = {}

    def node(self, schema: Mapping[str, Any]) -> Shape:
        reference = schema.get("$ref")
        if isinstance(reference, str):
            name = reference.rpartition("/")[2]
            if name not in self._read:
                self._read[name] = self.node(self._shared[name])
            return self._read[name]
        others = schema.get("additionalProperties")
        kinds = _kinds(schema)
        # A place without a type, or an object that says nothing about its fields in JSON Schema, holds anything.
        is_open = bool(schema.get("x-kubernetes-preserve-unknown-fields")) or others is True or not kinds
        is_json_schema_object = "object" in kinds and "additionalProperties" not in schema and bool(self._shared)
        constant = (schema["const"],) if "const" in schema else ()
        return Shape(
            kinds=kinds - {"null"},
            nullable=bool(schema.get("nullable")) or "null" in kinds,
            fields={key: self.node(value) for key, value in (schema.get("properties") or {}).items()},
            required=frozenset(schema.get("required") or ()),
            others=self.node(others) if isinstance(others, Mapping) else None,
            items=self.node(schema["items"]) if isinstance(schema.get("items"), Mapping) else None,
            is_open=is_open or is_json_schema_object,
            choices=tuple(schema.get("enum") or constant),
            pattern=schema.get("pattern") or "",
            least=schema.get("minimum", -(2**31) if schema.get("format") == "int32" else None),
            most=schema.get("maximum", 2**31 - 1 if schema.get("format") == "int32" else None),
            length=(schema.get("minLength") or 0, schema.get("maxLength")),
            count=(schema.get("minItems") or 0, schema.get("maxItems")),
            rules=tuple(
                Rule(rule.get("rule") or "", rule.get("message") or "the rule of the definition does not hold")
                for rule in schema.get("x-kubernetes-validations") or ()
            ),
        )


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    if schema.get("x-kubernetes-int-or-string"):
        return frozenset(("integer", "string"))
    named = schema.get("type")
    return frozenset((named,) if isinstance(named, str) else named or ())
