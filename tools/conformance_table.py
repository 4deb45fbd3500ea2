"""The conformance page: what milonga and kfp.local make of a corpus of pipeline files, measured in one run.

    python tools/conformance_table.py CORPUS            says whether docs/reference/conformance.md is out of date
    python tools/conformance_table.py CORPUS --write    writes it

CORPUS is a folder in the form of `milonga conformance`. Needs kfp, and minutes. Ends with 1 when milonga misses a case
that can run here, or when the page is stale; nothing is written then but with --write, and never when milonga misses.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance_rows import Column, conformance_page

from milonga.engine.resources import available_cores
from milonga.errors import MilongaError
from milonga.testing.conformance import Corpus, Verdict, backend_named, load_corpus, run_corpus
from milonga.testing.conformance.runner import READ_ONLY

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "conformance.md"
BACKENDS = ("milonga", "kfp.local")


def column(corpus: Corpus, backend: str) -> Column:
    """The verdicts of one back end, by file; each case is told on stderr as it ends."""
    verdicts: dict[str, list[Verdict]] = {item.file: [] for item in corpus.files}
    for verdict in run_corpus(corpus, backend_named(backend), jobs=available_cores()):
        print(f"{backend}: {verdict.outcome} {verdict.file} [{verdict.case}]", file=sys.stderr)
        verdicts[verdict.file].append(verdict)
    ordered = {file: tuple(sorted(found, key=lambda verdict: verdict.case)) for file, found in verdicts.items()}
    return Column(backend, ordered)


def missed(ours: Column) -> list[str]:
    """Cases that can run here and did not pass."""
    found = (verdict for verdicts in ours.verdicts.values() for verdict in verdicts)
    return [
        f"{verdict.file} [{verdict.case}]: {verdict.outcome}, {verdict.reason}"
        for verdict in found
        if verdict.outcome == "failed" or (verdict.outcome == "skipped" and verdict.case != READ_ONLY)
    ]


def main() -> int:
    """Write or check; the exit code."""
    folders = [word for word in sys.argv[1:] if word != "--write"]
    if len(folders) != 1 or folders[0].startswith("-"):
        print("usage: python tools/conformance_table.py CORPUS [--write]", file=sys.stderr)
        return 2
    try:
        corpus = load_corpus(Path(folders[0]))
        columns = [column(corpus, backend) for backend in BACKENDS]
    except MilongaError as error:
        print(error, file=sys.stderr)
        return 2
    found = missed(columns[0])
    if found:
        print("\n".join(["milonga misses:", *found]), file=sys.stderr)
        return 1
    text = conformance_page(corpus, columns)
    if "--write" in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE.name}", file=sys.stderr)
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.name} is out of date: python tools/conformance_table.py CORPUS --write", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
