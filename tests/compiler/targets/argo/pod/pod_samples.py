"""Steps for the tests of pods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import Container
from milonga.compiler.targets.argo.pod import ControlValue, PodFields, pod_fields


def value_of(binding: Mapping[str, Any]) -> ControlValue:
    """Constants, and inputs of a template that are called as the parameters."""
    if "runtimeValue" in binding:
        return ControlValue(constant=binding["runtimeValue"]["constant"])
    name = binding.get("componentInputParameter") or binding["taskOutputParameter"]["outputParameterKey"]
    return parameter_of(name)


def parameter_of(name: str) -> ControlValue:
    return ControlValue(
        json_text=f"{{{{inputs.parameters.{name}}}}}", expression=f"fromJSON(inputs.parameters['{name}'])"
    )


def constants(**values: Any) -> Any:
    """A `parameter` function whose values are known."""
    return lambda name: ControlValue(constant=values[name])


def given(name: str) -> dict[str, str]:
    return {"componentInputParameter": name}


def constant(value: Any) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}


def fields_of(container: Container | None = None, /, *, parameter: Any = parameter_of, **settings: Any) -> PodFields:
    return pod_fields(container or Container(image="python:3.11"), settings, value=value_of, parameter=parameter)


def template_of(fields: PodFields, *command: str) -> dict[str, Any]:
    """A whole template that runs `command`."""
    container = {"name": "main", **fields.container, "command": list(command)}
    return {**fields.template, "container": container}


def escaped(value: Any) -> str:
    """A value as the text of an argument."""
    return json.dumps(value).replace("{{", "\\u007b\\u007b").replace("$", "\\u0024")
