"""What reading, checking and writing pipeline files of other people costs."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, interleave

ROOT = Path(__file__).resolve().parents[2]
FASTER = Bar(10, at_least=True)


def corpus(*, quick: bool = False) -> list[Figure]:
    """Every valid file of the corpus that MILONGA_CONFORMANCE names, or the project's own golden files."""
    files = _files()
    settings = {"files": files, "rounds": 1 if quick else 3}
    runs = interleave(
        {"milonga": Case("milonga", "milonga_corpus", settings), "kfp": Case("kfp", "kfp_corpus", settings)},
        repeats=1 if quick else 3,
    )
    figures = []
    for tool in ("milonga", "kfp"):
        found = runs[tool]
        note = found.failure or f"{_whole(found.reported('files'))} of {len(files)} files"
        figures.append(Figure("read and write the corpus", tool, found.reported("cpu_s"), "CPU s", note=note))
    checked = runs["milonga"].reported("checked_cpu_s")
    note = "every rule, and the table of target kfp"
    figures.append(Figure("the same with all checks", "milonga", checked, "CPU s", note=note))
    theirs = ratio(runs["kfp"].reported("cpu_s"), runs["kfp"].reported("files"))
    ours = ratio(runs["milonga"].reported("cpu_s"), runs["milonga"].reported("files"))
    figures.append(Figure("read and write a file", "kfp / milonga", ratio(theirs, ours), "times", FASTER))
    return figures


def _files() -> list[str]:
    folder = Path(os.environ.get("MILONGA_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
    found = [*folder.glob("kfp-ir/valid/**/*.yaml"), *folder.glob("kfp-ir/kubernetes-platform/**/*.yaml")]
    return sorted(map(str, found or ROOT.glob("tests/goldens/*.yaml")))


def _whole(value: float | None) -> int:
    return round(value or 0)
