"""What a step asks for: its requirements, and where they come from. Its digest names the request."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field

from milonga.engine.environments.index_settings import IndexSettings
from milonga.engine.environments.redaction import Redactor
from milonga.engine.environments.requirement_line import RequirementLine, read_requirements


@dataclass(frozen=True, slots=True)
class PackageRequest:
    """Requirements of a component on this machine.

    Attributes:
        lines: sorted, each once.
        sources: where packages come from.
    """

    lines: tuple[RequirementLine, ...]
    sources: IndexSettings = field(default_factory=IndexSettings)

    @classmethod
    def of(cls, lines: Iterable[str], label: str, sources: IndexSettings | None = None) -> PackageRequest:
        """The request behind requirements as their author wrote them.

        Args:
            lines: PEP 508, or paths and addresses of package files.
            label: whose they are, for messages.
            sources: what the component itself says about indexes; the user's variables fill it up.

        Raises:
            RunError: E450, a line cannot be read.
        """
        general = IndexSettings.from_environment(os.environ)
        return cls(read_requirements(lines, label), (sources or IndexSettings()).over(general))

    @property
    def digest(self) -> str:
        """Names the request: the same lines from the same sources for the same Python. Credentials do not count."""
        parts = [[line.shown for line in self.lines], self.sources.shown(), list(python_identity())]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def redactor(self) -> Redactor:
        """Hides the credentials of this request."""
        return Redactor((*self.sources.addresses, *(line.url for line in self.lines)))


def python_identity() -> tuple[str, ...]:
    """For which Python packages are installed: its binary interface, the platform, and the file that scripts start."""
    interface = sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag or ""
    return (str(interface), sysconfig.get_platform(), sys.executable)
