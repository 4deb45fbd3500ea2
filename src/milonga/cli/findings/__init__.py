"""What `milonga check` found, and the forms in which it is written: for a person, as JSON, as SARIF."""

from collections.abc import Callable, Mapping

from milonga.cli.findings.checked import Checked
from milonga.cli.findings.collection import check_sources
from milonga.cli.findings.finding import Finding
from milonga.cli.findings.human import as_human
from milonga.cli.findings.json_document import as_json
from milonga.cli.findings.report import Report
from milonga.cli.findings.sarif import as_sarif

FORMATS: Mapping[str, Callable[[Report], str]] = {"human": as_human, "json": as_json, "sarif": as_sarif}
"""A new form is a function here; it may not look at anything but the report."""

__all__ = ["FORMATS", "Checked", "Finding", "Report", "check_sources"]
