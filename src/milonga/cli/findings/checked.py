"""What came of one source."""

from __future__ import annotations

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

    def exit_code(self, *, strict: bool) -> int:
        """0 when nothing keeps the pipeline from running; with `strict` warnings do, too."""
        fails = any(strict or finding.severity == "error" for finding in self.findings)
        return max(self.stopped, int(fails))
