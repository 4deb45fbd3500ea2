"""A piece of code or a command that shows a mistake, or how it is mended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block.

    Attributes:
        language: "python" and "yaml" are whole files to check, "console" holds commands, "text" is only shown.
        text: the code, ending in a newline.
        is_wrong: whether it shows the mistake, or how it is mended.
        needs_run: whether the mistake shows only when the pipeline runs.
    """

    language: str
    text: str
    is_wrong: bool
    needs_run: bool = False

    def to_json(self) -> dict[str, str]:
        """The example as a flat JSON object."""
        return {"language": self.language, "text": self.text}
