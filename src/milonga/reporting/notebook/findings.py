"""Mistakes and other findings as blocks that are read, not decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from milonga.compiler.trace.cells import shown_places
from milonga.errors import MilongaError
from milonga.reporting.markup import text

_FIELDS = (("where", "at"), ("got", "got"), ("expected", "expected"), ("hint", "hint"))
_SHOWN_MAX = 50


def finding_blocks(findings: Iterable[Mapping[str, object]]) -> str:
    """One block a finding.

    Args:
        findings: errors or findings in their JSON form: code, message, and where, got, expected and hint if known.
    """
    all_findings = list(findings)
    blocks = "".join(_block(finding) for finding in all_findings[:_SHOWN_MAX])
    left_out = len(all_findings) - _SHOWN_MAX
    return blocks + (f'<p class="note">and {left_out} more</p>' if left_out > 0 else "")


def error_lines(error: MilongaError) -> list[str]:
    """An error as the lines of a cell's error output, with cells in place of their temporary files."""
    return [f"{type(error).__name__}: {shown_places(str(error))}"]


def _block(finding: Mapping[str, object]) -> str:
    css = "s-running" if finding.get("severity") == "warning" else "s-failed"
    rows = "".join(
        f"<p><i>{label}</i> {text(shown_places(str(finding[key])), 600)}</p>"
        for key, label in _FIELDS
        if finding.get(key)
    )
    code, message = text(str(finding.get("code", "")), 40), text(shown_places(str(finding.get("message", ""))), 800)
    return f'<div class="block {css}"><p><code>{code}</code> <b>{message}</b></p>{rows}</div>'
