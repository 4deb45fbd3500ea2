"""`milonga conformance`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from milonga.cli.output import message, print_json
from milonga.engine.resources import available_cores
from milonga.testing.conformance import Verdict, backend_named, load_corpus, run_corpus


@click.command("conformance")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--backend", "backend_name", default="milonga", show_default=True, help="What is tested: a name or module:Class."
)
@click.option("--only", multiple=True, metavar="GLOB", help="Only files, or FILE::CASE, of this pattern; repeatable.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Cases at the same time; 0 is the number of cores.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as one JSON document.")
def command(folder: Path, backend_name: str, only: tuple[str, ...], jobs: int, as_json: bool) -> int:
    """Run a corpus of pipeline files and compare what comes out with what its expected.json says."""
    backend = backend_named(backend_name)
    corpus = load_corpus(folder)
    verdicts: list[Verdict] = []
    for verdict in run_corpus(corpus, backend, only=only, jobs=jobs or available_cores()):
        verdicts.append(verdict)
        if not as_json:
            _show(verdict)
    if as_json:
        ordered = sorted(verdicts, key=lambda verdict: (verdict.file, verdict.case))
        print_json({"cases": [verdict.to_json() for verdict in ordered]})
    counts = Counter(verdict.outcome for verdict in verdicts)
    message(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


def _show(verdict: Verdict) -> None:
    print(f"{verdict.outcome:8}{verdict.file} [{verdict.case}] {verdict.duration_s:.1f} s", flush=True)
    if verdict.reason:
        print(f"        {verdict.reason}", flush=True)
