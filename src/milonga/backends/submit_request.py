"""What to run, besides the pipeline itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """One submission. Its values have been checked against the pipeline's inputs: see `checked_request`.

    Attributes:
        parameters: JSON values by input name; inputs that are left out take their defaults on the remote side.
        artifacts: URIs, ids or paths of files by input name, as the back end reads them.
        name: name of the run or schedule for people; "" lets the back end make one from the pipeline's name.
        use_cache: False runs every task; True leaves it to what the pipeline says.
        labels: labels of the run, where the back end has such a thing.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    use_cache: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
