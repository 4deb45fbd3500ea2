"""Keys of the objects that a pod gets, as arguments of its task."""

from __future__ import annotations

from milonga.compiler.targets.argo.slots import Slot
from milonga.runtime.argo.text import tag


def slot_key(slot: Slot, index: str, depth: int) -> str:
    """The key of a slot, for a pod in `depth` loops whose iterations are "/0/3" at run time."""
    if slot.fixed == depth:
        path = index
    elif slot.fixed == 0:
        path = ""
    else:
        path = tag(_shortened(index, slot.fixed))
    ending = "" if slot.is_gathered else ".tgz"
    return f"{slot.leaf}/{slot.what}{path}{ending}"


def _shortened(index: str, fixed: int) -> str:
    """An expression for the first `fixed` parts of the iterations."""
    text = "inputs.parameters.i" if index.startswith("{{inputs.parameters.i}}") else "''"
    whole = f"({text} + '/' + string(item))" if index.endswith("{{item}}") else text
    return f"join(split({whole}, '/')[0:{fixed + 1}], '/')"
