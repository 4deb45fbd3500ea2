"""The page of targets: what each does with each construct, read from the capability tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from milonga.compiler.constructs import CONSTRUCTS, Construct
from milonga.compiler.targets import TARGETS
from milonga.compiler.targets.capability import Capability, capability_at

_SIGNS = {
    "works": "works",
    "changed": "**changed**",
    "dropped": "**dropped**",
    "refused": "**refused**",
    "fails": "**fails**",
    "unverified": "?",
}
_SHOWN = ("kfp", "vertex", "argo", "local")
"""`kfp-manifest` has the table of `kfp`."""


def targets_page() -> str:
    """`docs/reference/targets.md`."""
    lines = [
        "# Targets",
        "",
        "What each target does with each construct of a pipeline, at the target's newest version.",
        "`milonga check SOURCE --target NAME` names uses in your pipeline, `milonga explain CONSTRUCT` shows a row.",
        "",
        "- **refused**: the target does not take the pipeline (E301).",
        "- **fails**: it takes the pipeline, and the run fails (E302).",
        "- **changed**: it runs and means something else (E303).",
        "- **dropped**: it is ignored without a word (E304).",
        "- `?`: nobody is known to have tried, so milonga says nothing.",
        "- *lowered*: `milonga compile` writes it in a form that works.",
        "",
        "| target | what it is | versions |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{name}` | {target.title} | {', '.join(target.versions)} |" for name, target in TARGETS.items()]
    for group, constructs in groupby(CONSTRUCTS.values(), key=lambda construct: construct.group):
        lines += ["", f"## {group}", "", f"| construct | {' | '.join(_SHOWN)} |", f"| --- |{' --- |' * len(_SHOWN)}"]
        lines += [_row(construct) for construct in constructs]
    lines += ["", "## Notes", ""]
    lines += [note for name in _SHOWN for note in _notes(name)]
    return "\n".join(lines)


def _row(construct: Construct) -> str:
    cells = [_cell(TARGETS[name].table[construct.name], TARGETS[name].versions[-1]) for name in _SHOWN]
    return f"| `{construct.name}`: {construct.title} | {' | '.join(cells)} |"


def _cell(cells: tuple[Capability, ...], newest: str) -> str:
    cell = capability_at(cells, newest)
    since = f" since {cell.since}" if cell.since else ""
    lowered = ", *lowered*" if cell.rewrite else ""
    return f"{_SIGNS[cell.verdict]}{since}{lowered}"


def _notes(name: str) -> Iterator[str]:
    """What stands behind the words: once for constructs that share it."""
    target = TARGETS[name]
    said: dict[tuple[str, str, str], list[str]] = {}
    for construct, cells in target.table.items():
        for cell in cells:
            if cell.note:
                said.setdefault((cell.note, cell.hint, cell.source), []).append(construct)
    yield f"### {name}"
    yield ""
    for (note, hint, source), constructs in said.items():
        names = ", ".join(f"`{construct}`" for construct in constructs)
        instead = f" Instead: {hint}." if hint else ""
        origin = f" ({source})" if source else ""
        yield f"- {names}: {note}.{instead}{origin}"
    yield ""
