"""Placeholders in the command line of a component file of the first generation, as the second writes them.

`{inputValue: x}` becomes the text that KFP's launcher replaces when the task starts; `if` and `concat` become the
JSON objects that it reads there.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from typing import Any

from milonga.compiler.graph import Component
from milonga.compiler.interop.component_inputs import input_name
from milonga.errors import AuthoringError


class CommandLine:
    """Reads commands and arguments of one component, whose border says what a name stands for."""

    def __init__(self, border: Component) -> None:
        self._border = border
        self._kinds: dict[str, Callable[[Any], Any]] = {
            "inputValue": lambda name: self._input(name, "parameters", ""),
            "inputPath": lambda name: self._input(name, "artifacts", ".path"),
            "inputUri": lambda name: self._input(name, "artifacts", ".uri"),
            "outputPath": self._output_path,
            "outputUri": lambda name: self._output(name, "artifacts", ".uri"),
            "executorInput": lambda _: "{{$}}",
            "if": self._condition,
            "concat": lambda items: {"Concat": [self._element(item) for item in _as_list(items)]},
        }

    def parts(self, values: object, what: str) -> tuple[str, ...]:
        """All parts of a command or of arguments.

        Raises:
            AuthoringError: E176, no list, or a placeholder that is not known or names nothing.
        """
        if values is None:
            return ()
        if not isinstance(values, list):
            raise AuthoringError("E176", f"'{what}' of the container is no list", got=repr(values)[:80])
        return tuple(self.part(value, what) for value in values)

    def part(self, value: object, what: str) -> str:
        """One part: text as it is, a placeholder as the text that stands for it."""
        element = self._element(value, what)
        return element if isinstance(element, str) else json.dumps(element)

    def _element(self, value: object, what: str = "args") -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, (bool, int, float)):
            raise AuthoringError(
                "E176", f"'{what}' of the container holds something that is no text", got=str(value), hint="quote it"
            )
        if not isinstance(value, Mapping) or len(value) != 1:
            raise AuthoringError(
                "E176", f"'{what}' of the container holds something that is no placeholder", got=repr(value)[:80]
            )
        key, inner = next(iter(value.items()))
        read = self._kinds.get(str(key))
        if read is None:
            near = difflib.get_close_matches(str(key), self._kinds, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"placeholders are: {', '.join(self._kinds)}"
            raise AuthoringError("E176", f"unknown placeholder '{key}'", hint=hint)
        return read(inner)

    def _input(self, name: object, group: str, suffix: str) -> str:
        border = self._border
        known = border.input_parameters if group == "parameters" else border.input_artifacts
        key = self._known(name, known, {**border.input_parameters, **border.input_artifacts}, "input", group)
        return f"{{{{$.inputs.{group}['{key}']{suffix}}}}}"

    def _output(self, name: object, group: str, suffix: str) -> str:
        border = self._border
        known = border.output_parameters if group == "parameters" else border.output_artifacts
        key = self._known(name, known, {**border.output_parameters, **border.output_artifacts}, "output", group)
        return f"{{{{$.outputs.{group}['{key}']{suffix}}}}}"

    def _output_path(self, name: object) -> str:
        if input_name(name) in self._border.output_parameters:
            return self._output(name, "parameters", ".output_file")
        return self._output(name, "artifacts", ".path")

    def _known(self, name: object, known: Mapping[str, Any], every: Mapping[str, Any], what: str, group: str) -> str:
        key = input_name(name)
        if key in known:
            return key
        if key in every:
            kind = group.removesuffix("s")
            raise AuthoringError(
                "E176",
                f"the placeholder of {what} '{name}' is for {group}, and '{name}' is no {kind}",
                hint="inputValue takes parameters; inputPath, inputUri and outputUri take artifacts",
            )
        near = difflib.get_close_matches(key, every, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(every) or 'none'}"
        raise AuthoringError("E176", f"a placeholder names {what} '{name}', which does not exist", hint=hint)

    def _condition(self, clause: object) -> dict[str, Any]:
        test = clause.get("cond") if isinstance(clause, Mapping) else None
        if not isinstance(clause, Mapping) or not isinstance(test, Mapping) or set(test) != {"isPresent"}:
            raise AuthoringError("E176", "an 'if' without 'cond: {isPresent: NAME}'", got=repr(clause)[:80])
        if "then" not in clause:
            raise AuthoringError("E176", "an 'if' without 'then'", got=repr(clause)[:80])
        border = self._border
        every = {**border.input_parameters, **border.input_artifacts}
        present: dict[str, Any] = {"InputName": self._known(test["isPresent"], every, every, "input", "inputs")}
        present["Then"] = self._branch(clause["then"])
        if clause.get("else"):
            present["Else"] = self._branch(clause["else"])
        return {"IfPresent": present}

    def _branch(self, value: object) -> Any:
        return [self._element(item) for item in value] if isinstance(value, list) else self._element(value)


def _as_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise AuthoringError("E176", "a 'concat' of something that is no list", got=repr(value)[:80])
    return value


__all__ = ["CommandLine"]
