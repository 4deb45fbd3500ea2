"""The artifact class `Dataset`."""

from __future__ import annotations

from typing import ClassVar

from milonga.dsl.artifacts.artifact import Artifact


class Dataset(Artifact):
    """Data to learn from or to judge by."""

    SCHEMA_TITLE: ClassVar[str] = "system.Dataset"
