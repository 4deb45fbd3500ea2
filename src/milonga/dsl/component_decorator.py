"""`@component`: a typed Python function that becomes a step of pipelines and stays a function elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from milonga.dsl.definition import Definition, P, R
from milonga.dsl.options import Options, make_options
from milonga.dsl.places import place_of_code
from milonga.dsl.recording import current_recorder


class Component(Definition[P, R]):
    """A decorated function. Called in a pipeline it records a task; called elsewhere it runs.

    Attributes:
        packages: requirements (PEP 508) that its code needs.
    """

    noun = "component"

    def __init__(
        self,
        function: Callable[P, R],
        options: Options | None = None,
        *,
        name: str = "",
        packages: tuple[str, ...] = (),
    ) -> None:
        super().__init__(function, options, name=name)
        self.packages = packages

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """In a pipeline: a task whose outputs stand for the declared types. Elsewhere: an ordinary call."""
        recorder = current_recorder()
        if recorder is None:
            return self.function(*args, **kwargs)
        result: R = self._call_in_pipeline(recorder, args, dict(kwargs))
        return result

    def options(self, **values: Any) -> Component[P, R]:
        """This component with other task options; see `milonga.dsl.options.Options` for what there is.

        Raises:
            AuthoringError: E106, an unknown option or a value that breaks a rule.
        """
        changed: Component[P, R] = self._with_options(values)
        return changed


@overload
def component(function: Callable[P, R], /) -> Component[P, R]: ...


@overload
def component(
    *, name: str = ..., packages: Sequence[str] = ..., **options: Any
) -> Callable[[Callable[P, R]], Component[P, R]]: ...


def component(
    function: Callable[..., Any] | None = None, /, *, name: str = "", packages: Sequence[str] = (), **options: Any
) -> Any:
    """Make a component of a typed function.

    Args:
        function: the function, when used without brackets.
        name: the component's name; by default the function's, in kebab case.
        packages: requirements (PEP 508) of its code, such as "scikit-learn>=1.5".
        options: what its tasks ask for: cpu, memory, gpu, retries, timeout_s, image ...; see `Options`.

    Raises:
        AuthoringError: E101-E106, the signature or an option is wrong.
    """

    def decorate(target: Callable[..., Any]) -> Component[Any, Any]:
        where = str(place_of_code(target.__code__))
        chosen = make_options(options, where=where, what=f"component '{target.__name__}'")
        return Component(target, chosen, name=name, packages=tuple(packages))

    return decorate(function) if function is not None else decorate
