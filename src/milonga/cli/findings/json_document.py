"""Findings as one JSON document."""

from __future__ import annotations

import json

from milonga.cli.findings.report import Report


def as_json(report: Report) -> str:
    """The findings in one list, each with its source."""
    document = {"findings": [finding.to_json() for finding in report.findings]}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
