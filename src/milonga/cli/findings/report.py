"""All that one call of `milonga check` found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from milonga.cli.findings.checked import Checked
from milonga.cli.findings.finding import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """The sources in the user's order.

    Attributes:
        sources: what came of each.
        target: the compile target whose findings are among them; "" for none.
        in_colour: whether a person reads it on a terminal that shows colours.
    """

    sources: tuple[Checked, ...]
    target: str = ""
    in_colour: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(finding for checked in self.sources for finding in checked.findings)

    @property
    def exit_code(self) -> int:
        """The worst of all sources."""
        return max((checked.exit_code for checked in self.sources), default=0)

    @property
    def summary(self) -> str:
        """One line: how many of what."""
        among = f" in {len(self.sources)} sources" if len(self.sources) > 1 else ""
        if not self.findings:
            return f"no findings{among}"
        counts = Counter(finding.severity for finding in self.findings)
        parts = [f"{count} {name}{'s' if count != 1 else ''}" for name, count in sorted(counts.items())]
        worst = min(self.findings, key=lambda finding: finding.severity)  # "error" stands before "warning"
        return f"{', '.join(parts)}{among}; 'milonga explain {worst.code}' says more"
