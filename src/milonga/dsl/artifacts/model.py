"""The artifact class `Model`."""

from __future__ import annotations

from typing import ClassVar

from milonga.dsl.artifacts.artifact import Artifact


class Model(Artifact):
    """Something that predicts."""

    SCHEMA_TITLE: ClassVar[str] = "system.Model"
