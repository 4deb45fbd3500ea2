"""`milonga compile`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from milonga.cli.output import message
from milonga.cli.sources import Source, load_source
from milonga.compiler.api import write_text
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.targets import Target, target_named
from milonga.errors import UsageError


@click.command("compile")
@click.argument("source")
@click.option(
    "--target", "target_name", default="kfp", show_default=True, help="Where it will run: kfp, kfp@2.15, vertex ..."
)
@click.option("-o", "--output", help="File to write; '-' or nothing is stdout.")
@click.option("--check", "check_only", is_flag=True, help="Write nothing; exit with 1 when OUTPUT is stale.")
@click.option("--strict", is_flag=True, help="What the target would drop, refuse or change is an error.")
@click.option(
    "--lower/--no-lower",
    default=None,
    help="Write what the target cannot run in a form that it can. Default: yes for Python, no for pipeline files.",
)
def command(
    source: str, target_name: str, output: str | None, check_only: bool, strict: bool, lower: bool | None
) -> int:
    """Write a pipeline as a file for a target: the same pipeline, the same bytes."""
    target = target_named(target_name)
    loaded = load_source(source)
    graph = lowered(loaded, target, lower)
    findings = sorted([*check(graph), *target.findings(graph)], key=lambda finding: finding.order)
    for finding in findings:
        message(str(finding))
    if any(finding.severity == "error" or strict for finding in findings):
        return 1
    text = target.emit(graph)
    if check_only:
        return _is_stale(output, text)
    if output in (None, "-"):
        sys.stdout.write(text)
    else:
        try:
            write_text(Path(output or ""), text)
        except OSError as error:
            raise UsageError("E919", f"the file cannot be written: {error.strerror}", where=str(output)) from None
        message(f"wrote {output} ({len(text.encode()) // 1024} KiB)")
    return 0


def lowered(source: Source, target: Target, lower: bool | None) -> Graph:
    """The graph in the form that the target runs, if that is wanted; by default not for a pipeline file."""
    graphs = [source.graph]
    if source.is_python if lower is None else lower:
        for name, graph in target.lowerings(source.graph):
            message(f"lowered for {target.name}: {name.replace('-', ' ')}")
            graphs.append(graph)
    return graphs[-1]


def _is_stale(output: str | None, text: str) -> int:
    if not output or output == "-":
        raise click.UsageError("--check needs the file to compare with: -o FILE")
    path = Path(output)
    if path.is_file() and path.read_text("utf-8") == text:
        return 0
    message(f"{output} is {'stale' if path.is_file() else 'missing'}: compile it again")
    return 1
