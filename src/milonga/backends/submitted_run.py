"""What a submission gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubmittedRun:
    """A run that a remote system has accepted.

    Attributes:
        run_id: the id that the system knows it by.
        name: what its page calls it.
        url: its page, "" where the address of the pages is not known.
    """

    run_id: str
    name: str
    url: str = ""

    def to_json(self) -> dict[str, str]:
        """The run as a flat JSON object, empty fields left out."""
        fields = {"run_id": self.run_id, "name": self.name, "url": self.url}
        return {key: value for key, value in fields.items() if value}
