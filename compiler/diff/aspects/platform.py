"""Settings that one platform understands, field by field, and what a component says about the pod it runs in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milonga.compiler.diff.facts import Fact, Reading, plain
from milonga.compiler.diff.naming import Naming
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import Node
from milonga.compiler.graph import ParameterBinding, wire
from milonga.errors import InvalidPipeline

_SOURCES = frozenset(
    ("taskOutputParameter", "runtimeValue", "componentInputParameter", "taskFinalStatus", "parameterExpressionSelector")
)
"""Keys of KFP's `InputParameterSpec`, which stands wherever a setting may come from a task or an input."""

_OLD_CLAIMS = ("constant", "taskOutputParameter", "componentInputParameter")
"""Fields of KFP's `PvcMount` before `pvcNameParameter`."""

_IN_ORDER = frozenset(("initContainers",))
"""Lists whose order has a meaning."""


def task_settings(node: Node, reading: Reading) -> Iterator[Fact]:
    """Settings of the task's executor."""
    if node.component.dag is not None or not node.graph.platforms:
        return
    for platform in node.graph.platforms:
        settings = node.graph.platform_settings(node.component.executor_label or "", platform)
        for name, value in settings.items():
            compared, shown = (
                _text(name, _Spelling(node, naming).value(value)) for naming in (reading.compared, reading.shown)
            )
            yield Fact("platform-setting", f"{platform}.{name}", compared, shown)


def component_settings(node: Node, reading: Reading) -> Iterator[Fact]:
    """What stands at the component rather than at its executor."""
    if node.component.single_platform_specs:
        yield plain("platform-setting", "platform specs", canonical(wire.dump(node.component.single_platform_specs)))
    if node.component.task_config_passthroughs:
        parts = wire.dump(node.component.task_config_passthroughs)
        yield plain("option", "task config", canonical(sorted(parts, key=canonical)))


def _text(name: str, value: Any) -> str:
    if isinstance(value, list) and name not in _IN_ORDER:
        value = sorted(value, key=canonical)
    return value if isinstance(value, str) else canonical(value)


def _source_of(key: str, value: Any) -> Any:
    return value if key == "constant" else {key: value}


def _is_source(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and _SOURCES.issuperset(value)


@dataclass(frozen=True, slots=True)
class _Spelling:
    """Rewrites settings: sources as text, deprecated twins left out (`secretName` beside `secretNameParameter`)."""

    node: Node
    naming: Naming

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._source(value) if _is_source(value) else self._fields(value)
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return self.naming.filled(self.node, value) if isinstance(value, str) else value

    def _fields(self, value: Mapping[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, item in value.items():
            if _is_source(value.get(f"{key}Parameter")):
                continue
            fields[key.removesuffix("Parameter") if _is_source(item) else key] = self.value(item)
        if "mountPath" in fields:  # a claim, whose name may still stand in one of three deprecated fields
            names = [_source_of(key, fields.pop(key)) for key in _OLD_CLAIMS if key in fields]
            for name in names[:1]:
                fields.setdefault("pvcName", self.value(name))
        return fields

    def _source(self, value: Mapping[str, Any]) -> Any:
        constant = value.get("runtimeValue")
        if isinstance(constant, Mapping) and "constant" in constant:
            return self.value(constant["constant"])
        try:
            binding = wire.load(ParameterBinding, value)
        except InvalidPipeline:
            return dict(value)
        return self.naming.parameter(self.node, binding)
