"""A result that this step has had at an earlier time, and that may do again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from milonga.engine.pod.contents import content_digest
from milonga.engine.pod.objects import has_content
from milonga.engine.pod.recipe import Recipe
from milonga.engine.pod.results import read_record
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import RESULT, artifact_object


class EarlierResult:
    """Looks at what Argo has put into the pod. Used by one thread; nothing is changed.

    Args:
        recipe: of the step.
        place: where an object of that result lies, by what it is.
    """

    def __init__(self, recipe: Recipe, place: Callable[[str], Path]) -> None:
        self._recipe = recipe
        self._place = place

    @property
    def folder(self) -> Path:
        """The result, contents apart."""
        return self._place(RESULT)

    def record(self, inputs: str) -> dict[str, Any] | None:
        """What was noted then; None when there is nothing that may be used, or can be read.

        Args:
            inputs: digest of what the step is given now. What its key is made of says which code and which inputs of
                the pipeline there were, not what the steps before have made of them that time.
        """
        try:
            known = read_record(self.folder, self._recipe) if self.folder.is_dir() else None
        except (ValueError, MilongaError):
            return None  # spoilt, or of another version: it is made again
        return known if known is not None and "run" in known and known.get("inputs") == inputs else None

    def contents(self, record: Mapping[str, Any]) -> dict[str, Path] | None:
        """Where the contents of its artifacts lie, by name in the store; None when they are not those of the record.

        Two runs that were writing them at the same time may have left a mixture.
        """
        names = (artifact_object(self._recipe.output_artifacts[name]["slug"]) for name in record["artifacts"])
        found = {name: self._place(name) for name in names if has_content(self._place(name))}
        digests = {name: content_digest(path) for name, path in found.items()}
        return found if digests == record.get("contents", {}) else None
