"""The log: one run, its rules and its results. Nothing in it tells when or where it was made."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from milonga.__about__ import __version__
from milonga.cli.findings.finding import Finding
from milonga.cli.findings.report import Report
from milonga.cli.findings.sarif.locations import BASE, location_of
from milonga.cli.findings.sarif.messages import details_of, message_of
from milonga.cli.findings.sarif.rules import rules_of

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_DOCUMENTATION = "https://github.com/milonga-mlops/milonga/tree/main/docs"
_FINGERPRINT = "milongaFinding/v1"


def as_sarif(report: Report) -> str:
    """The log of one run, as JSON text."""
    findings = _each_once(finding for checked in report.sources if not checked.stopped for finding in checked.findings)
    failures = [finding for checked in report.sources if checked.stopped for finding in checked.findings]
    rules, notifications = rules_of(findings), rules_of(failures)
    driver = {"name": "milonga", "version": __version__, "informationUri": _DOCUMENTATION, "rules": rules}
    invocation: dict[str, Any] = {"executionSuccessful": not failures}
    if failures:
        driver["notifications"] = notifications
        invocation["toolExecutionNotifications"] = [_notification(finding) for finding in failures]
    run = {
        "tool": {"driver": driver},
        # The findings of one target neither replace nor close those of another (section 3.17.3).
        "automationDetails": {"id": f"milonga-check/{report.target or 'rules'}/"},
        "invocations": [invocation],
        "originalUriBaseIds": {BASE: {"description": {"text": "The folder in which milonga check was run."}}},
        "columnKind": "unicodeCodePoints",
        "results": _results(findings, [rule["id"] for rule in rules]),
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    """Two pipelines of one file report the mistakes of a component that both use; they are one."""
    known: dict[Any, Finding] = {}
    for finding in findings:
        known.setdefault((finding.order, finding.got, "" if finding.file else finding.source), finding)
    return list(known.values())


def _notification(finding: Finding) -> dict[str, Any]:
    """A source that could not be read at all: something about this call, and about no line of code (section 3.58)."""
    return {
        "descriptor": {"id": finding.code},
        "level": "error",
        "message": {"text": message_of(finding)},
        "properties": {"source": finding.source},
    }


def _results(findings: list[Finding], codes: list[str]) -> list[dict[str, Any]]:
    results = []
    counts: Counter[str] = Counter()
    for finding in findings:
        location = location_of(finding)
        key = _fingerprint(finding, location)
        counts[key] += 1
        results.append(
            {
                "ruleId": finding.code,
                "ruleIndex": codes.index(finding.code),
                "level": finding.severity,
                "message": {"text": message_of(finding)},
                "locations": [location],
                # The same mistake again in the same task: told apart by their order (section 3.27.17).
                "partialFingerprints": {_FINGERPRINT: f"{key}:{counts[key]}"},
                "properties": {"source": finding.source, **details_of(finding)},
            }
        )
    return results


def _fingerprint(finding: Finding, location: dict[str, Any]) -> str:
    """What stays the same when lines move: code, file, task and message."""
    artifact = location.get("physicalLocation", {}).get("artifactLocation", {})
    parts = [finding.code, artifact.get("uri", finding.source), finding.path, finding.message]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
