"""Evaluates where a value comes from.

The compiler writes expressions as JSON lists: the name of a form, then its parts. A task evaluates those of its inputs,
whoever shows a run evaluates those of its outputs. Everything is looked up when it is asked for, and once.

    ["constant", value]                        a value of the pipeline file
    ["text", value, {name: expression}]        one with KFP placeholders, and the parameters that they name
    ["input", name]                            an input of the pipeline
    ["output", leaf, depth, name]              an output of a step inside of `depth` loops
    ["item", items, depth]                     of a list, the element of this iteration of the loop at `depth`
    ["part", expression, selector]             what a CEL selector takes out of a value
    ["first", [expression, ...]]               whichever is there
    ["count", "parameters" | "artifacts", expression]   the length of a list
    ["each", count, depth, expression]         a list: the expression for each iteration of the loop at `depth`
    ["typed", expression, type, default]       a value as a parameter of that type; the default is optional
    ["if", condition, {name: expression}, expression]   absent unless the CEL condition holds
    ["status", key, task]                      the final status of a task before
    ["claim", leaf, depth, name, suffix]       the name of a volume claim that a step makes, of expressions
    ["import", name, uri, metadata, type]      what an importer stands for; `uri` and `metadata` are expressions
    ["absent"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from milonga.engine.json_values import coerce, resolve_constant
from milonga.engine.placeholders import PlaceholderContext
from milonga.engine.recipes.absent import ABSENT
from milonga.engine.recipes.sources import Sources
from milonga.errors import RunError
from milonga.runtime.argo.claims import claim_name

_OF_THE_FILE = ("constant", "text")
"""Forms whose None is a value that the author wrote, and not the want of one."""


class Evaluator:
    """Evaluates expressions for one iteration of everything around a task. Used by one thread.

    Args:
        sources: what is looked up.
        indices: of the iterations around the task, the outermost first.
    """

    def __init__(self, sources: Sources, indices: Sequence[int] = ()) -> None:
        self._sources = sources
        self._indices = list(indices)
        self._parameter_forms: dict[str, Callable[[list[Any]], Any]] = {
            "constant": lambda form: form[1],
            "text": self._text,
            "input": lambda form: self._sources.pipeline_parameter(form[1]),
            "output": self._output_parameter,
            "part": self._part,
            "each": lambda form: self._each(form, self.parameter),
            "typed": self._typed,
            "status": lambda form: self._sources.final_status(form[1]),
            "claim": self._claim,
            **self._common(self.parameter),
        }
        self._artifact_forms: dict[str, Callable[[list[Any]], Any]] = {
            "input": lambda form: self._sources.pipeline_artifact(form[1]),
            "output": lambda form: self._sources.artifact_of(form[1], self._indices[: form[2]], form[3]),
            "each": lambda form: flattened(self._each(form, self.artifact)),
            "import": self._import,
            **self._common(self.artifact),
        }

    def _common(self, evaluate: Callable[[list[Any]], Any]) -> dict[str, Callable[[list[Any]], Any]]:
        return {
            "item": lambda form: self._item(form, evaluate),
            "first": lambda form: self._first(form, evaluate),
            "if": lambda form: evaluate(form[3]) if self._holds(form) else ABSENT,
            "absent": lambda form: ABSENT,
        }

    def parameter(self, expression: list[Any]) -> Any:
        """The value of a parameter; ABSENT when it was never made.

        Raises:
            RunError: E430-E435, a selector, placeholder, condition or list is not what it should be.
        """
        value = self._parameter_forms[expression[0]](expression)
        return ABSENT if value is None and expression[0] not in ("typed", *_OF_THE_FILE) else value

    def artifact(self, expression: list[Any]) -> Any:
        """What the sources say of an artifact, a list for a list; ABSENT when it was never made.

        Raises:
            RunError: E430-E436.
        """
        return self._artifact_forms[expression[0]](expression)

    def parameters(self, expressions: Mapping[str, list[Any]]) -> dict[str, Any]:
        """Those of several parameters that have a value."""
        found = {name: self.parameter(expression) for name, expression in expressions.items()}
        return {name: value for name, value in found.items() if value is not ABSENT}

    def inputs(self, parameters: Mapping[str, list[Any]], artifacts: Mapping[str, list[Any]]) -> dict[str, Any]:
        """The inputs of a task, as KFP's ExecutorInput has them.

        Raises:
            RunError: E430-E436.
        """
        found = {name: self.artifact(expression) for name, expression in artifacts.items()}
        return {
            "parameterValues": self.parameters(parameters),
            "artifacts": {
                name: {"artifacts": entries if isinstance(entries, list) else [entries]}
                for name, entries in found.items()
                if entries is not ABSENT
            },
        }

    def count(self, expression: list[Any]) -> int:
        """The length of a list: an expression of the form "count".

        Raises:
            RunError: E435, it is no list.
        """
        evaluate = self.parameter if expression[1] == "parameters" else self.artifact
        items = evaluate(expression[2])
        if items is ABSENT or items is None:
            return 0
        if isinstance(items, list):
            return len(items)
        if expression[1] == "artifacts":
            return 1
        raise RunError("E435", "a loop over something that is no list", got=repr(items)[:120])

    def _text(self, form: list[Any]) -> Any:
        context = PlaceholderContext(names=self._sources.names, parameters=self.parameters(form[2]))
        return resolve_constant(form[1], context)

    def _output_parameter(self, form: list[Any]) -> Any:
        made = self._sources.parameters_of(form[1], self._indices[: form[2]])
        return ABSENT if made is ABSENT else made.get(form[3], ABSENT)

    def _claim(self, form: list[Any]) -> Any:
        given, suffix = self.parameter(form[3]), self.parameter(form[4])
        if given is not ABSENT and given:
            return given
        run = self._sources.names["pipeline_job_resource_name"]
        return claim_name(run, form[1], self._indices[: form[2]], "" if suffix is ABSENT else str(suffix or ""))

    def _part(self, form: list[Any]) -> Any:
        value = self.parameter(form[1])
        return value if value is ABSENT or value is None else self._sources.select(value, form[2])

    def _typed(self, form: list[Any]) -> Any:
        value = self.parameter(form[1])
        if value is None and form[1][0] not in _OF_THE_FILE:
            value = ABSENT
        if value is ABSENT:
            return coerce(form[3], form[2]) if len(form) > 3 else ABSENT
        return coerce(value, form[2])

    def _item(self, form: list[Any], evaluate: Callable[[list[Any]], Any]) -> Any:
        items = evaluate(form[1])
        index = self._indices[form[2]]
        if not isinstance(items, list):
            items = [] if items is ABSENT else [items]
        if index >= len(items):
            raise RunError("E435", f"the loop has no element {index}", got=f"{len(items)} elements")
        return items[index]

    def _first(self, form: list[Any], evaluate: Callable[[list[Any]], Any]) -> Any:
        for candidate in form[1]:
            found = evaluate(candidate)
            if found is not ABSENT:
                return found
        return ABSENT

    def _each(self, form: list[Any], evaluate: Callable[[list[Any]], Any]) -> list[Any]:
        """What the iterations of a loop have made; those that made nothing are left out."""
        count, depth = self.count(form[1]), form[2]
        outside, found = self._indices, []
        try:
            for index in range(count):
                self._indices = [*outside[:depth], index]
                found.append(evaluate(form[3]))
        finally:
            self._indices = outside
        return [value for value in found if value is not ABSENT]

    def _holds(self, form: list[Any]) -> bool:
        return self._sources.holds(form[1], {**dict.fromkeys(form[2]), **self.parameters(form[2])})

    def _import(self, form: list[Any]) -> Any:
        uri = self.parameter(form[2])
        if not isinstance(uri, str) or not uri:
            raise RunError("E436", "an importer without a URI", got="nothing" if uri is ABSENT else repr(uri))
        return self._sources.imported(form[1], uri, self.parameter(form[3]), form[4])


def flattened(values: Sequence[Any]) -> list[Any]:
    """Artifacts of nested lists in one list, as KFP's back end knows no other."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found.extend(flattened(value))
        else:
            found.append(value)
    return found
