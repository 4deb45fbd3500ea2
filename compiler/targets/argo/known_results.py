"""Results of steps that are known before a run: whoever submits has found them in the store.

Only of steps that make parameters alone. Their values stand as constants in the recipes of the steps after them, and
they need no pod. Keys of results are still those of the whole pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownResult:
    """What a step has made in an earlier run.

    Attributes:
        parameters: its outputs; those that it did not make are left out.
        run: the id of that run.
    """

    parameters: Mapping[str, Any] = field(hash=False)
    run: str


KnownResults = Mapping[str, KnownResult]
"""By the name of the step's results in the store; such a step stands outside of loops."""
