"""`milonga check`."""

from __future__ import annotations

import click

from milonga.cli.output import message, print_json
from milonga.cli.sources import load_source
from milonga.compiler.rules import check
from milonga.compiler.targets import target_named
from milonga.errors import AuthoringError, InvalidPipeline


@click.command("check")
@click.argument("source")
@click.option("--target", "target_name", help="Also say what this target would drop, refuse or change.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document.")
def command(source: str, target_name: str | None, strict: bool, as_json: bool) -> int:
    """Check a pipeline and report every finding at once. Nothing is run."""
    target = target_named(target_name) if target_name else None
    try:
        graph = load_source(source).graph
    except AuthoringError as error:
        return _show([{**item.to_json(), "severity": "error"} for item in error.findings or (error,)], as_json, strict)
    except InvalidPipeline as error:
        return _show([{**error.to_json(), "severity": "error"}], as_json, strict)
    findings = [*check(graph), *(target.findings(graph) if target else ())]
    return _show([finding.to_json() for finding in findings], as_json, strict)


def _show(findings: list[dict[str, str]], as_json: bool, strict: bool) -> int:
    if as_json:
        print_json({"findings": findings})
    else:
        for finding in findings:
            print(f"{finding['severity']} {finding['code']}: {finding['message']}")
            for label, key in (("at", "where"), ("got", "got"), ("expected", "expected"), ("hint", "hint")):
                if finding.get(key):
                    print(f"  {label}: {finding[key]}")
    errors = sum(finding["severity"] == "error" or strict for finding in findings)
    message(f"{errors} errors, {len(findings) - errors} warnings" if findings else "no findings")
    return 1 if errors else 0
