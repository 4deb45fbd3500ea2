"""One error code, explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milonga.explanations.example import Example

REFERENCE = "https://github.com/milonga-mlops/milonga/blob/main/docs/reference/errors.md"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is to be said about an error code.

    Attributes:
        code: such as "E113".
        title: a few words.
        who: who must act.
        means: what was found.
        why: what would happen otherwise, with the source of what is not obvious.
        mend: what to do.
        examples: the mistake, and how it is mended.
        related: codes of neighbouring mistakes.
    """

    code: str
    title: str
    who: str
    means: str
    why: str
    mend: str
    examples: tuple[Example, ...] = ()
    related: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Example, ...]:
        """Examples of the mistake."""
        return tuple(example for example in self.examples if example.is_wrong)

    @property
    def right(self) -> tuple[Example, ...]:
        """The same, mended."""
        return tuple(example for example in self.examples if not example.is_wrong)

    @property
    def address(self) -> str:
        """The address of this explanation in the reference."""
        return f"{REFERENCE}#{self.code.lower()}"

    def to_json(self) -> dict[str, Any]:
        """The explanation as a JSON object, empty fields left out."""
        fields = {
            "code": self.code,
            "title": self.title,
            "who": self.who,
            "means": self.means,
            "why": self.why,
            "mend": self.mend,
            "wrong": [example.to_json() for example in self.wrong],
            "right": [example.to_json() for example in self.right],
            "related": list(self.related),
            "address": self.address,
        }
        return {key: value for key, value in fields.items() if value}
