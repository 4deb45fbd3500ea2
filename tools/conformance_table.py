"""The conformance page: what milonga and kfp.local make of a corpus of pipeline files, measured in one run.

    python tools/conformance_table.py CORPUS            says whether docs/reference/conformance.md is out of date
    python tools/conformance_table.py CORPUS --write    writes it

    --verdicts NAME=FILE   a further column, measured elsewhere: what `milonga conformance CORPUS --json` has printed

CORPUS is a folder in the form of `milonga conformance`. Needs kfp, and minutes. Ends with 1 when milonga misses a case
that can run here, or when the page is stale; nothing is written then but with --write, and never when milonga misses.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from conformance_rows import Column, conformance_page

from milonga.engine.resources import available_cores
from milonga.errors import MilongaError, UsageError
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


def measured_elsewhere(corpus: Corpus, named: str) -> Column:
    """A column of NAME=FILE; only files that the corpus has.

    Raises:
        UsageError: E918, there is no such file, or it holds no verdicts.
    """
    name, _, file = named.partition("=")
    try:
        cases = json.loads(Path(file).read_text("utf-8"))["cases"]
        found = [Verdict(case["file"], case["case"], case["verdict"], case.get("reason", ""), 0.0) for case in cases]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError("E918", "no verdicts can be read", where=file, got=str(error)) from None
    return Column(name, {item.file: tuple(v for v in found if v.file == item.file) for item in corpus.files})


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
    words = [word for word in sys.argv[1:] if word != "--write"]
    at = [index for index, word in enumerate(words) if word == "--verdicts"]
    further = [words[index + 1] for index in at if index + 1 < len(words)]
    folders = [word for index, word in enumerate(words) if index not in at and index - 1 not in at]
    if len(folders) != 1 or folders[0].startswith("-"):
        print("usage: python tools/conformance_table.py CORPUS [--verdicts NAME=FILE] [--write]", file=sys.stderr)
        return 2
    try:
        corpus = load_corpus(Path(folders[0]))
        columns = [column(corpus, backend) for backend in BACKENDS]
        columns += [measured_elsewhere(corpus, named) for named in further]
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
