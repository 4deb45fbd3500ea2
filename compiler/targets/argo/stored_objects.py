"""The objects of the store that a step makes."""

from __future__ import annotations

from collections.abc import Iterable

from milonga.compiler.targets.argo.places import Place
from milonga.runtime.argo.layout import RESULT, artifact_object


def stored_objects(place: Place, artifact_slugs: Iterable[str], *, is_kept: bool) -> list[str]:
    """The objects of a step, the one that says that it has succeeded last; nothing when nobody would ask for it.

    Args:
        place: the step.
        artifact_slugs: names in the store of its output artifacts.
        is_kept: whether later runs may use its result.
    """
    if not (place.component.has_outputs or is_kept):
        return []
    return [*sorted(map(artifact_object, artifact_slugs)), RESULT]
