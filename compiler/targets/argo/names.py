"""Names that Argo takes, made of names that it may not take."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from milonga.runtime.argo.layout import REUSE_PARAMETER

if TYPE_CHECKING:
    from milonga.compiler.graph.component import Component

PARAMETER = re.compile(r"[-A-Za-z0-9_]+")
"""What a parameter of a workflow may be called, as the CRD of 4.0 has it."""

_NAME_MAX = 63
_OBJECT_NAME_MAX = 52
"""A CronWorkflow may have no longer name, and that of a run is its template's with an ending."""

_DIGEST_LENGTH = 8
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_OPERATORS = frozenset({"in", "not", "matches", "contains", "let", "true", "false", "nil", "and", "or", "if", "else"})
"""Words of the language in which `depends` is written: a task of that name makes the run an error."""


class Names:
    """Gives each thing of one namespace a name of letters, digits and dashes; the same names in the same order.

    Not thread-safe; one belongs to one emission.

    Args:
        separator: what stands for characters that a name may not have: "-" or "_".
        length_max: how long a name may be.
    """

    def __init__(self, separator: str = "-", length_max: int = _NAME_MAX) -> None:
        self._separator = separator
        self._length_max = length_max
        self._taken: set[str] = set()

    def add(self, wanted: str) -> str:
        """A free name like `wanted`."""
        separator = self._separator
        base = re.sub(r"[^A-Za-z0-9]+", separator, wanted).strip(separator)[: self._length_max].rstrip(separator)
        if not base[:1].isalpha() or base.lower() in _OPERATORS:
            base = f"t{separator}{base}".rstrip(separator)[: self._length_max]
        name, count = base, 1
        while name in self._taken:
            count += 1
            ending = f"{separator}{count}"
            name = base[: self._length_max - len(ending)] + ending
        self._taken.add(name)
        return name


def object_name(name: str) -> str:
    """The name of a pipeline or schedule as that of a Kubernetes object: at most 52 of a-z, 0-9 and -.

    One that is too long, or not of ASCII, is not cut down to what others may be cut down to as well: it ends in a
    digest.
    """
    made = Names("-", len(name) + _NAME_MAX).add(name.lower()).lower()
    if name.isascii() and len(made) <= _OBJECT_NAME_MAX:
        return made
    return f"{made[: _OBJECT_NAME_MAX - _DIGEST_LENGTH - 1].rstrip('-')}-{_digest(name)}"


def pipeline_label(name: str) -> str:
    """The name of a pipeline as the value of a label: itself where it may be one, else another for each name."""
    if _LABEL.fullmatch(name):
        return name
    made, digest = object_name(name), _digest(name)
    return made if made.endswith(f"-{digest}") else f"{made}-{digest}"


def workflow_parameters(root: Component) -> dict[str, str]:
    """Argo's name for each input of the pipeline: its own, wherever that is possible."""
    wanted = [*root.input_parameters, *root.input_artifacts]
    found = {name: name for name in wanted if PARAMETER.fullmatch(name) and name != REUSE_PARAMETER}
    for name in wanted:
        if name not in found:
            names = Names("_")
            chosen = names.add(name)
            while chosen in found.values():
                chosen = names.add(name)
            found[name] = chosen
    return found


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
