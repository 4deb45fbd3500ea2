"""What came of one source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from milonga.cli.findings.finding import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one source.

    Attributes:
        source: what the user named.
        findings: all of them, sorted by place.
        stopped: exit code of the error that kept the source from being read at all, which is the only finding then;
            0 when it was read.
    """

    source: str
    findings: tuple[Finding, ...]
    stopped: int = 0

    @property
    def exit_code(self) -> int:
        """0 when nothing keeps the pipeline from running."""
        return max(self.stopped, int(any(finding.severity == "error" for finding in self.findings)))

    def strictly(self) -> Checked:
        """The same with every warning as an error."""
        findings = tuple(dataclasses.replace(finding, severity="error") for finding in self.findings)
        return dataclasses.replace(self, findings=findings)
