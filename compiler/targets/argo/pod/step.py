"""The step whose pod is being made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph import Container
from milonga.compiler.targets.argo.pod.control_value import ControlValue
from milonga.compiler.targets.argo.pod.placeholders import filled
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A container, the Kubernetes settings of its executor, and how their values are found.

    Attributes:
        container: what runs.
        settings: `KubernetesExecutorConfig` in camelCase.
        value: the value of a binding that stands in the settings.
        parameter: an input parameter of the step by name, for placeholders.
    """

    container: Container
    settings: Mapping[str, Any]
    value: Callable[[Mapping[str, Any]], ControlValue]
    parameter: Callable[[str], ControlValue]

    def entries(self, field: str) -> Iterator[Mapping[str, Any]]:
        """The entries of a setting that is a list."""
        yield from self.settings.get(field) or ()

    def filled(self, text: str, setting: str) -> str | RuntimeValue | None:
        """A text with its placeholders filled in; see `placeholders.filled`."""
        return filled(text, self.parameter, setting)

    def bound(self, binding: Mapping[str, Any]) -> Any:
        """The value of a binding: a constant, or a `RuntimeValue`."""
        value = self.value(binding)
        return value.constant if value.is_constant else RuntimeValue(value.expression, value.json_text)

    def name_of(self, entry: Mapping[str, Any], plain: str, setting: str) -> Any:
        """A name that stands plainly or as a binding; None when it was not given, and the entry is to be left out.

        Raises:
            UnsupportedByTarget: E315, it is no text, or there is none.
        """
        binding = entry.get(f"{plain}Parameter")
        name = self.bound(binding) if binding else entry.get(plain)
        if isinstance(name, RuntimeValue) or (binding and name in (None, "")):
            return name or None
        if not isinstance(name, str) or not name:
            raise refused(setting, "there is no name", got=dict(entry))
        return name
