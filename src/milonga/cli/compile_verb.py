"""`milonga compile`."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from milonga.cli.fusing import FUSE_HELP, fused
from milonga.cli.output import message, print_json, write_file
from milonga.cli.pinning import PIN_HELP, pinned
from milonga.cli.runtime_image import RUNTIME_IMAGE_HELP, with_runtime_image
from milonga.cli.sources import Source, load_source
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.targets import Target, target_named


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
@click.option("--fuse", is_flag=True, help=FUSE_HELP)
@click.option("--runtime-image", default="", metavar="IMAGE", help=RUNTIME_IMAGE_HELP)
@click.option("--pin-images", is_flag=True, help=PIN_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON document; needs -o FILE.")
def command(
    source: str,
    target_name: str,
    output: str | None,
    check_only: bool,
    strict: bool,
    lower: bool | None,
    fuse: bool,
    runtime_image: str,
    pin_images: bool,
    as_json: bool,
) -> int:
    """Write a pipeline as a file for a target: the same pipeline, the same bytes."""
    if output == "":
        raise click.UsageError("-o needs the name of a file")
    path = Path(output) if output and output != "-" else None
    for flag, wanted in (("--check", check_only), ("--json", as_json)):
        if wanted and path is None:
            raise click.UsageError(f"{flag} needs a file: -o FILE")
    target = target_named(target_name)
    chosen = with_runtime_image(load_source(source), target, runtime_image)
    compiled = _compiled(chosen, target, lower, strict=strict, fuse=fuse, pin_images=pin_images)
    for line in compiled.remarks:
        message(line)
    fails = any(finding.severity == "error" for finding in compiled.findings)
    if fails:
        message("nothing was written")
    stale = check_only and not fails and not _holds(path, compiled.text)
    if not (fails or check_only):
        _write(path, compiled.text)
    if stale:
        message(f"{path} is {'stale' if path and path.is_file() else 'missing'}: compile it again")
    if as_json:
        print_json({**compiled.to_json(), "output": str(path), "written": not (fails or check_only), "stale": stale})
    return int(fails or stale)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A pipeline as the text for a target, and what there is to say about it."""

    target: Target
    graph: Graph
    rewrites: tuple[str, ...]
    findings: tuple[Diagnostic, ...]
    text: str

    @property
    def remarks(self) -> list[str]:
        lowered = [f"lowered for {self.target.name}: {name.replace('-', ' ')}" for name in self.rewrites]
        return [*lowered, *map(str, self.findings)]

    def to_json(self) -> dict[str, Any]:
        return {
            "pipeline": self.graph.name,
            "target": f"{self.target.name}@{self.target.version}",
            "digest": self.graph.digest(),
            "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
            "lowered": list(self.rewrites),
            "findings": [finding.to_json() for finding in self.findings],
        }


def _compiled(
    source: Source, target: Target, lower: bool | None, *, strict: bool, fuse: bool, pin_images: bool
) -> _Compiled:
    graph, rewrites = source.graph, []
    found = list(check(graph))
    broken = any(finding.severity == "error" for finding in found)
    if not broken and (source.is_python if lower is None else lower):
        for name, changed in target.lowerings(graph):
            graph = changed
            rewrites.append(name)
        found = list(check(graph)) if rewrites else found
    if fuse and not any(finding.severity == "error" for finding in found):
        graph = fused(graph, target)
    if pin_images and not any(finding.severity == "error" for finding in found):
        graph = pinned(graph, target)
        found = list(check(graph))
    found = [*found, *target.findings(graph)]
    if not any(finding.severity == "error" for finding in found):
        found += target.refusals(graph)
    findings = sorted(found, key=lambda finding: finding.order)
    if strict:
        findings = [dataclasses.replace(finding, severity="error") for finding in findings]
    broken = any(finding.severity == "error" for finding in findings)
    return _Compiled(target, graph, tuple(rewrites), tuple(findings), "" if broken else target.emit(graph))


def _write(path: Path | None, text: str) -> None:
    if path is None:
        sys.stdout.write(text)
        return
    write_file(path, text)
    message(f"wrote {path} ({len(text.encode()) // 1024} KiB)")


def _holds(path: Path | None, text: str) -> bool:
    return path is not None and path.is_file() and path.read_bytes() == text.encode()
