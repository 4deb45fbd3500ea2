"""Constants that look like placeholders of KFP and are data.

In a constant of a pipeline file KFP fills in `{{$.inputs.parameters['x']}}` and its kin, and knows no way to write
such a text itself. The default of an input is not searched; so a component that gets such a constant gets it as a
default, in a border of its own around the same executor. A constant that is nothing but the name of a value of the run,
such as `{{$.pipeline_job_name}}`, is meant as one: kfp's authors write it so.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import Component, InputParameter, Inputs

_MARK = "{{$"
_OF_THE_RUN = re.compile(r"\{\{\$\.(?:pipeline_(?:job|task)_[a-z_]+|pipeline_root|workspace_path)\}\}")


def looks_filled_in(value: Any) -> bool:
    """Whether KFP would change a constant, or take it for a mistake, that is meant as it stands."""
    if isinstance(value, str):
        return _MARK in value and _OF_THE_RUN.fullmatch(value) is None
    if isinstance(value, Mapping):
        return any(looks_filled_in(item) for pair in value.items() for item in pair)
    return isinstance(value, (list, tuple)) and any(map(looks_filled_in, value))


def with_defaults(component: Component, defaults: Mapping[str, Any]) -> Component:
    """`component` with other defaults for some of its input parameters, and with new ones for texts."""
    known = component.input_parameters
    parameters = {
        name: dataclasses.replace(known.get(name, InputParameter("STRING")), default_value=value, is_optional=True)
        for name, value in defaults.items()
    }
    artifacts = component.input_definitions.artifacts if component.input_definitions is not None else None
    return dataclasses.replace(component, input_definitions=Inputs({**known, **parameters}, artifacts))


def moved_to_inputs(metadata: Any, moved: dict[str, str]) -> Any:
    """`metadata` of an importer with each such text replaced by an input's placeholder; `moved` gets texts by input."""
    if isinstance(metadata, str) and looks_filled_in(metadata):
        name = f"metadata-{len(moved) + 1}"
        moved[name] = metadata
        return f"{{{{$.inputs.parameters['{name}']}}}}"
    if isinstance(metadata, Mapping):
        return {moved_to_inputs(key, moved): moved_to_inputs(item, moved) for key, item in metadata.items()}
    if isinstance(metadata, (list, tuple)):
        return [moved_to_inputs(item, moved) for item in metadata]
    return metadata
