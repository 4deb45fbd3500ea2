"""`@pipeline`: a function whose body wires components; it is a component itself, inside another pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, overload

from milonga.dsl.definition import Definition, P, R
from milonga.dsl.options import Options, make_options, refuse_container_options
from milonga.dsl.places import callers_place, place_of_code
from milonga.dsl.recording import current_recorder
from milonga.errors import AuthoringError


class Pipeline(Definition[P, R]):
    """A decorated pipeline function. Its body runs once, when it is traced; never when it is called.

    Attributes:
        display_name: title of the pipeline on a page.
        pipeline_root: where a back end stores artifacts, if the author fixes it.
    """

    noun = "pipeline"

    def __init__(
        self,
        function: Callable[P, R],
        options: Options | None = None,
        *,
        name: str = "",
        display_name: str = "",
        pipeline_root: str = "",
    ) -> None:
        super().__init__(function, options, name=name)
        written = name or getattr(function, "__name__", "")
        if not written.isascii():  # what is left of two such names may be the same, and pipelines are found by theirs
            digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            self.name = f"{self.name}-{digest}"
        self.display_name = display_name
        self.pipeline_root = pipeline_root

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Inside another pipeline: a task that is a whole pipeline.

        Raises:
            AuthoringError: E131, called outside of a pipeline.
        """
        recorder = current_recorder()
        if recorder is None:
            raise AuthoringError(
                "E131",
                f"pipeline '{self.name}' was called like a function",
                where=str(callers_place()),
                hint=f"run it with milonga.run({self.__name__}, ...), or call it inside another pipeline",  # type: ignore[attr-defined]
            )
        result: R = self._call_in_pipeline(recorder, args, dict(kwargs))
        return result

    def options(self, **values: Any) -> Pipeline[P, R]:
        """This pipeline with other task options, for its calls inside other pipelines.

        Raises:
            AuthoringError: E106, an unknown option or a value that breaks a rule.
        """
        refuse_container_options(values, where=str(callers_place()), what=f"pipeline '{self.name}'")
        changed: Pipeline[P, R] = self._with_options(values)
        return changed


@overload
def pipeline(function: Callable[P, R], /) -> Pipeline[P, R]: ...


@overload
def pipeline(
    *, name: str = ..., display_name: str = ..., pipeline_root: str = ..., **options: Any
) -> Callable[[Callable[P, R]], Pipeline[P, R]]: ...


def pipeline(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str = "",
    display_name: str = "",
    pipeline_root: str = "",
    **options: Any,
) -> Any:
    """Make a pipeline of a function that calls components.

    Args:
        function: the function, when used without brackets.
        name: the pipeline's name; by default the function's, in kebab case.
        display_name: its title on a page.
        pipeline_root: where a back end stores its artifacts.
        options: task options for its use inside another pipeline.

    Raises:
        AuthoringError: E101-E106, the signature or an option is wrong.
    """

    def decorate(target: Callable[..., Any]) -> Pipeline[Any, Any]:
        where = str(place_of_code(target.__code__))
        refuse_container_options(options, where=where, what=f"pipeline '{target.__name__}'")
        chosen = make_options(options, where=where, what=f"pipeline '{target.__name__}'")
        return Pipeline(target, chosen, name=name, display_name=display_name, pipeline_root=pipeline_root)

    return decorate(function) if function is not None else decorate
