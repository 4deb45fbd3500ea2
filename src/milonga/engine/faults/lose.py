"""`lose:ARTIFACT`: its content vanishes from the store as soon as it is there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from milonga.engine.faults.artifact_fault import ArtifactFault
from milonga.engine.faults.spec import FaultSpec


@dataclass(frozen=True, slots=True)
class Lose(ArtifactFault):
    """What a careless cleaning does."""

    name: ClassVar[str] = "lose"
    form: ClassVar[str] = "lose:[TASK.]ARTIFACT"
    meaning: ClassVar[str] = "the stored content of the artifact vanishes"

    @classmethod
    def read(cls, spec: FaultSpec) -> Lose:
        """The fault behind its text."""
        return cls(spec.text, cls.pattern_of(spec))

    def after_storing(self, task: str, artifact: str, place: Path) -> bool:
        """Remove the content."""
        if not self.artifacts.matches(task, artifact):
            return False
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        return True
