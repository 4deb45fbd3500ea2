"""An Argo on paper that plays pods once more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paper_argo import PaperArgo, Run

from milonga.runtime.argo.layout import run_prefix


class PodArgo(PaperArgo):
    """One that keeps the exit codes of its pods, and can play a run once more, as Argo repeats a pod."""

    def _process(self, *arguments: Any) -> int:
        code = super()._process(*arguments)
        self.codes = [*getattr(self, "codes", []), code]
        return code

    def run_again(self, arguments: Mapping[str, Any] | None = None) -> Run:
        """The same run, with what it has stored so far."""
        self._runs -= 1
        return self.run(arguments)

    @property
    def place(self) -> Path:
        """What belongs to the run."""
        return self.bucket / run_prefix(self.uid)

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """What pods have noted, by path of the task."""
        found = (
            json.loads(path.read_text())["tasks"] for path in sorted(self.place.rglob("journal*")) if path.is_file()
        )
        return {row["path"]: row for rows in found for row in rows}

    @property
    def kept(self) -> list[str]:
        """Keys of the run's objects, journals apart."""
        files = (path for path in self.place.rglob("*") if path.is_file() and not path.name.startswith("journal"))
        return sorted(str(path.relative_to(self.place)) for path in files)
