"""What goes into a network and what comes out, as the contracts of trained, compiled and deployed models say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from milonga.components.contracts.json_file import Fields

INPUT_NAME = "input"
OUTPUT_NAME = "probabilities"


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What one sample looks like: an image of height x width x channels, or a row of `features` numbers."""

    kind: Literal["image", "table"]
    height: int = 0
    width: int = 0
    channels: int = 0
    features: int = 0

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample as the network takes it: `(channels, height, width)` or `(features,)`."""
        if self.kind == "image":
            return (self.channels, self.height, self.width)
        return (self.features,)

    def to_json(self) -> dict[str, Any]:
        """The form that the contract files carry."""
        if self.kind == "image":
            return {"kind": "image", "height": self.height, "width": self.width, "channels": self.channels}
        return {"kind": "table", "features": self.features}

    @classmethod
    def from_fields(cls, fields: Fields) -> ModelInput:
        """The input in a parsed object; raises the error class of `fields` for a wrong field."""
        if fields.text("kind", choices=("image", "table")) == "table":
            return cls(kind="table", features=fields.integer("features", minimum=1))
        return cls(
            kind="image",
            height=fields.integer("height", minimum=1),
            width=fields.integer("width", minimum=1),
            channels=fields.integer("channels", minimum=1),
        )
