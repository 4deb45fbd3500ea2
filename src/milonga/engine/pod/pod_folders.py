"""The folders of a pod."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from milonga.runtime.argo.layout import CODE, INPUTS, OUTPUTS


@dataclass(frozen=True, slots=True)
class PodFolders:
    """Where things lie in this pod.

    Attributes:
        code: the program, and the pipeline's recipes.
        inputs: what Argo has put there.
        outputs: what Argo takes from there.
        scratch: a folder that is removed in the end.
    """

    code: Path
    inputs: Path
    outputs: Path
    scratch: Path

    @classmethod
    def of_environment(cls, scratch: Path) -> PodFolders:
        """Those that the compiler has agreed on; tests name others."""
        return cls(
            Path(os.environ.get("MILONGA_CODE", CODE)),
            Path(os.environ.get("MILONGA_INPUTS", INPUTS)),
            Path(os.environ.get("MILONGA_OUTPUTS", OUTPUTS)),
            scratch,
        )
