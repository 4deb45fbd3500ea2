"""Check sources, and gather what is found."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from milonga.cli.findings.checked import Checked
from milonga.cli.findings.document_lines import DocumentLines
from milonga.cli.findings.finding import Finding, of_diagnostic, of_error
from milonga.cli.output import exit_code_of
from milonga.cli.sources import Source, load_source
from milonga.compiler.interop.sources.python_files import loaders_in
from milonga.compiler.rules import check
from milonga.compiler.targets import Target, target_named
from milonga.errors import AuthoringError, InvalidPipeline, MilongaError


def check_sources(
    names: Sequence[str], target: str = "", *, schemas: Path | None = None, keeps_errors: bool = False
) -> tuple[Checked, ...]:
    """The findings of each source, in the user's order.

    Several sources are checked in a process each: modules of one name, such as the `steps.py` beside each of them,
    must not be taken for each other, and a file that ends the process must not take the findings of the others along.

    Args:
        names: what the user wrote, each once.
        target: also what this compile target would drop, refuse or change; "" for none.
        schemas: definitions of the objects of the target's system, for a target that takes them.
        keeps_errors: an only source that cannot be read becomes a finding as well, for a log that must be written.

    Raises:
        MilongaError: the only source cannot be read, as every other verb says it. Of several, the error becomes the
            finding of its source.
    """
    if len(names) == 1 and not keeps_errors:
        return (check_source(names[0], target, schemas),)
    return tuple(_apart(name, target, schemas) for name in names)


def check_source(name: str, target: str = "", schemas: Path | None = None) -> Checked:
    """The findings of one source; of a Python file with several pipelines, those of each, the same ones once.

    Raises:
        MilongaError: it cannot be read, and not because of mistakes in it.
    """
    chosen = target_named(target) if target else None
    found: dict[Finding, None] = {}
    with contextlib.redirect_stdout(sys.stderr):  # what an author's file prints is no data of ours
        try:
            loaders = loaders_in(name) or (lambda: load_source(name),)
        except AuthoringError as error:
            return _checked(name, (of_error(item, name) for item in error.findings or (error,)))
        for load in loaders:
            found |= dict.fromkeys(_found(load, name, chosen, schemas))
    return _checked(name, found)


def _found(load: Callable[[], Source], name: str, target: Target | None, schemas: Path | None) -> list[Finding]:
    try:
        graph = load().graph
    except AuthoringError as error:
        return [of_error(item, name) for item in error.findings or (error,)]
    except InvalidPipeline as error:
        return [of_error(error, name)]
    diagnostics = [*check(graph)]
    if target is not None:
        broken = any(finding.severity == "error" for finding in diagnostics)
        diagnostics += [*target.findings(graph), *(() if broken else target.refusals(graph, schemas))]
    return [of_diagnostic(diagnostic, name) for diagnostic in diagnostics]


def _apart(name: str, target: str, schemas: Path | None) -> Checked:
    """`check_source` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as processes:
        try:
            return processes.submit(check_source, name, target, schemas).result()
        except BrokenProcessPool:
            error: MilongaError = AuthoringError("E163", "the file ended the process that loaded it", where=name)
        except MilongaError as raised:
            error = raised
    return Checked(name, (of_error(error, name),), exit_code_of(error))


def _checked(name: str, findings: Iterable[Finding]) -> Checked:
    found = list(findings)
    if found and Path(name).is_file() and Path(name).suffix != ".py":
        lines = DocumentLines.of_file(Path(name))
        found = [_in_document(finding, name, lines) for finding in found]
    return Checked(name, tuple(sorted(found, key=lambda finding: finding.order)))


def _in_document(finding: Finding, file: str, lines: DocumentLines) -> Finding:
    """A finding about a pipeline file, with the line there."""
    if finding.line or (finding.file and finding.file != file):
        return finding
    return dataclasses.replace(finding, file=file, line=lines.line_of(finding.path))
