"""Error codes as topics."""

from __future__ import annotations

from collections.abc import Mapping

from milonga.cli.topics.topic import Topic
from milonga.explanations import explanation_of, explanations
from milonga.explanations.rendering import as_text


class ErrorCodeTopics:
    """Every code that milonga raises."""

    heading = "Codes"

    def titles(self) -> Mapping[str, str]:
        """Titles by code, sorted."""
        return {explanation.code: explanation.title for explanation in explanations()}

    def find(self, name: str, *, width: int) -> Topic | None:
        """The explanation of a code."""
        explanation = explanation_of(name.upper())
        if explanation is None:
            return None
        related = {code: found.title for code in explanation.related if (found := explanation_of(code))}
        return Topic(as_text(explanation, width=width, titles=related), explanation.to_json())
