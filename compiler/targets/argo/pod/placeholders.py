"""Texts of a container in which KFP's placeholders stand for inputs of the step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from milonga.compiler.targets.argo.pod.control_value import ControlValue
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.text import expression_text

_PLACEHOLDER = re.compile(r"""\{\{\$\.inputs\.parameters\[(?:'([^'\]]*)'|"([^"\]]*)")\]\}\}""")


def filled(text: str, parameter: Callable[[str], ControlValue], setting: str) -> str | RuntimeValue | None:
    """`text` with the values of its placeholders; None when it is one placeholder of a value that was not given.

    Args:
        text: it may hold `{{$.inputs.parameters['x']}}`.
        parameter: an input parameter of the step by name.
        setting: where the text stands, for the error.

    Raises:
        UnsupportedByTarget: E315, another placeholder.
    """
    pieces = _pieces(text, parameter)
    for piece in pieces:
        if isinstance(piece, str) and "{{$" in piece:
            raise refused(setting, "only input parameters of the step can be filled in there", got=text)
    if len(pieces) == 1 and isinstance(pieces[0], ControlValue):
        value = pieces[0]
        if value.is_constant:
            return None if value.constant is None else _constant_text(value.constant)
        return RuntimeValue(f"{value.expression} == nil ? nil : {_value_text(value.expression)}")
    known = [_constant_text(p.constant) if isinstance(p, ControlValue) and p.is_constant else p for p in pieces]
    if all(isinstance(piece, str) for piece in known):
        return "".join(str(piece) for piece in known)
    return RuntimeValue(
        " + ".join(
            _value_text(piece.expression) if isinstance(piece, ControlValue) else expression_text(piece)
            for piece in known
        )
    )


def _pieces(text: str, parameter: Callable[[str], ControlValue]) -> list[str | ControlValue]:
    pieces: list[str | ControlValue] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            pieces.append(text[end : match.start()])
        pieces.append(parameter(match.group(1) if match.group(1) is not None else match.group(2)))
        end = match.end()
    if end < len(text) or not pieces:
        pieces.append(text[end:])
    return pieces


def _constant_text(value: Any) -> str:
    """A value as KFP's driver writes it into a text: a whole number without a point, nothing for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, separators=(",", ":"))


def _value_text(expression: str) -> str:
    """The same of a value of the run. `string` would write 1000000 as 1e+06."""
    return f"(type({expression}) == 'string' ? {expression} : {expression} == nil ? '' : toJson({expression}))"
