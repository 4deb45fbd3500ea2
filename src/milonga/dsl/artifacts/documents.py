"""The artifact classes that a person reads: `HTML` and `Markdown`."""

from __future__ import annotations

from typing import ClassVar

from milonga.dsl.artifacts.artifact import Artifact


class HTML(Artifact):
    """One self-contained HTML page."""

    SCHEMA_TITLE: ClassVar[str] = "system.HTML"


class Markdown(Artifact):
    """One Markdown text."""

    SCHEMA_TITLE: ClassVar[str] = "system.Markdown"
