"""A component that somebody made elsewhere: behind it stands a graph instead of an author's function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.trace.sole_step import sole_step
from milonga.dsl.definition import Definition, kebab
from milonga.dsl.options import CONTAINER_OPTIONS, Options
from milonga.dsl.places import Place, callers_place
from milonga.dsl.recording import Recorder, current_recorder
from milonga.dsl.signature import Input, Signature
from milonga.errors import AuthoringError


class ReadyMade(Definition[..., Any]):
    """A component or pipeline of another system, as a definition. Immutable, like every definition.

    Called in a pipeline it records a task; its outputs are references, as those of any component are. Called elsewhere
    it runs its Python function, where it has one.

    Attributes:
        graph: the whole of it, as a pipeline of its own.
        step: the graph's only component, when there is nothing but one step that the pipeline passes its inputs to;
            None for anything else.
        is_ordered: whether its inputs stand in their author's order, so that they may be given by position.
    """

    def __init__(
        self,
        graph: Graph,
        signature: Signature,
        *,
        place: Place,
        function: Callable[..., Any] | None = None,
        is_ordered: bool = False,
        description: str = "",
    ) -> None:
        self.graph = graph
        self._description = description or graph.specification.pipeline_info.description or ""
        self.signature = signature
        self.place = place
        self.function = function or self._refuse_call
        self.is_ordered = is_ordered
        self.task_options = Options()
        self.name = kebab(graph.name)
        self.step = sole_step(graph)
        self.noun = "component" if self.step is not None else "pipeline"
        self.__name__ = self.name.replace("-", "_")
        self.__doc__ = _documentation(self.description, signature)

    @property
    def description(self) -> str:
        """What its author says about it."""
        return self._description

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """In a pipeline: a task. Elsewhere: its Python function.

        Raises:
            AuthoringError: E171, called outside of a pipeline, and there is no Python function to run.
        """
        recorder = current_recorder()
        if recorder is None:
            return self.function(*args, **kwargs)
        return self._call_in_pipeline(recorder, args, kwargs)

    def options(self, **values: Any) -> ReadyMade:
        """This component with other task options; see `milonga.dsl.options.Options`.

        Raises:
            AuthoringError: E106 an unknown option or a wrong value, E172 an option of a single container,
                for something else.
        """
        changed: ReadyMade = self._with_options(values)
        asked = [name for name in CONTAINER_OPTIONS if values.get(name)]
        if asked and (self.step is None or self.graph.executors[self.step.executor_label or ""].container is None):
            raise AuthoringError(
                "E172",
                f"option '{asked[0]}' belongs to a single container, which {self.noun} '{self.name}' is not",
                where=str(callers_place()),
                hint="set it where the steps are written",
            )
        return changed

    def _bind(self, recorder: Recorder, args: tuple[Any, ...], kwargs: dict[str, Any], place: Place) -> dict[str, Any]:
        if len(args) > 1 and not self.is_ordered:
            recorder.add_finding(
                "E175",
                f"'{self.name}' is called by position, and its file does not keep the order of its inputs",
                place=place,
                expected=", ".join(f"{item.name}=..." for item in self.signature.inputs),
                hint="give the inputs by name",
            )
        return super()._bind(recorder, args, kwargs, place)

    def _refuse_call(self, *args: Any, **kwargs: Any) -> Any:
        raise AuthoringError(
            "E171",
            f"{self.noun} '{self.name}' was called like a function, and has no Python function to run here",
            where=str(callers_place()),
            hint="run it with milonga.run(...), or call it inside a pipeline",
        )


def _documentation(description: str, signature: Signature) -> str:
    """A docstring with what is known of the inputs and outputs."""
    parts = [description or "A component that was made elsewhere."]
    inputs = [f"    {item.name} ({_declared(item)}): {item.description}" for item in signature.inputs]
    outputs = [f"    {item.name} ({item.schema.spelling}): {item.description}" for item in signature.outputs]
    for title, lines in (("Args", inputs), ("Returns", outputs)):
        if lines:
            parts.append(f"{title}:\n" + "\n".join(line.rstrip(" :") for line in lines))
    return "\n\n".join(parts) + "\n"


def _declared(item: Input) -> str:
    return item.schema.spelling if item.required else f"{item.schema.spelling}, default {item.default!r}"


__all__ = ["ReadyMade"]
