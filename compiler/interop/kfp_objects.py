"""kfp's own components and pipelines, as objects of a running program.

kfp is never imported to recognise one: whoever has such an object has imported kfp already.
"""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Graph
from milonga.dsl.places import NOWHERE, Place, place_of_code
from milonga.errors import AuthoringError, MissingExtra

_BASE = "kfp.dsl.base_component"


def is_kfp_component(value: object) -> bool:
    """Whether `value` is a component or pipeline of kfp."""
    module = sys.modules.get(_BASE)
    return module is not None and isinstance(value, module.BaseComponent)


def is_kfp_pipeline(value: object) -> bool:
    """Whether `value` is what `@dsl.pipeline` makes."""
    module = sys.modules.get("kfp.dsl.graph_component")
    return module is not None and isinstance(value, module.GraphComponent)


def graph_of_kfp(component: Any) -> Graph:
    """The graph of a kfp component or pipeline: what kfp's compiler would write, with its platform settings.

    Raises:
        AuthoringError: E170, kfp refuses to compile it.
    """
    from google.protobuf import json_format

    place = place_of_kfp(component)
    try:
        messages = [component.pipeline_spec, component.platform_spec]
    except Exception as error:
        raise _refusal(error, str(place)) from error
    used = [message for message in messages if message is messages[0] or len(message.platforms) > 0]
    # The order of a protobuf map changes from process to process, and with it the names in a pipeline around this one.
    documents = tuple(in_order(json_format.MessageToDict(message)) for message in used)
    graph = Graph.from_documents(documents)
    return Graph(graph.specification, graph.platforms, {"root/": place} if place.file else {})


def in_order(value: Any) -> Any:
    """A JSON value with the keys of all its objects sorted."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def function_of_kfp(component: Any) -> Callable[..., Any] | None:
    """The Python function that a component runs, if it is one that can be called."""
    function: Callable[..., Any] | None = getattr(component, "python_func", None)
    return function


def author_function(component: Any) -> Callable[..., Any] | None:
    """The decorated function, whatever its kind; None for what was loaded from a file."""
    function: Callable[..., Any] | None = getattr(component, "python_func", None) or getattr(
        component, "pipeline_func", None
    )
    return function


def place_of_kfp(component: Any) -> Place:
    """Where its author wrote it."""
    code = getattr(author_function(component), "__code__", None)
    return place_of_code(code) if code is not None else NOWHERE


def input_order(component: Any) -> tuple[str, ...]:
    """The inputs' names in their author's order, which the compiled form does not keep."""
    return tuple(component.component_spec.inputs or ())


def refusal_of(error: BaseException) -> AuthoringError | None:
    """kfp's own refusal of what an author wrote, at the author's line; None when something else raised `error`."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [number for number, frame in enumerate(frames) if not _is_installed(frame.filename)]
    inside = [number for number, frame in enumerate(frames) if _is_of_kfp(frame.filename)]
    if not own or not inside or own[-1] > inside[-1] or not _is_a_verdict(error):
        return None
    return _refusal(error, f"{frames[own[-1]].filename}:{frames[own[-1]].lineno}")


def _is_a_verdict(error: BaseException) -> bool:
    """Whether it is about what the author wrote, and not about a file or a network."""
    module = type(error).__module__
    return module.startswith(("kfp.", "google.protobuf")) or (module == "builtins" and not isinstance(error, OSError))


def _is_of_kfp(file: str) -> bool:
    home = getattr(sys.modules.get("kfp"), "__file__", None)
    return home is not None and Path(file).is_relative_to(Path(home).parent)


def _is_installed(file: str) -> bool:
    """Whether a file belongs to an installed package, to Python or to milonga, and not to an author."""
    if file.startswith("<frozen"):
        return True
    folders = [*map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), str(Path(__file__).parents[1])]
    return any(Path(file).is_relative_to(folder) for folder in folders) or _is_of_kfp(file)


def _refusal(error: BaseException, where: str) -> AuthoringError:
    """kfp's own refusal, as one of ours at the author's line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return AuthoringError("E170", f"kfp refuses it: {text}", where=where, got=type(error).__name__)


def require_kfp(purpose: str) -> None:
    """Raise unless kfp is installed.

    Raises:
        MissingExtra: E910.
    """
    import importlib.util

    if importlib.util.find_spec("kfp") is None:
        raise MissingExtra.of("kfp", "kfp", purpose)


__all__ = [
    "author_function",
    "function_of_kfp",
    "graph_of_kfp",
    "input_order",
    "is_kfp_component",
    "is_kfp_pipeline",
    "place_of_kfp",
    "refusal_of",
    "require_kfp",
]
