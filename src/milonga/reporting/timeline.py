"""When each step ran, as bars on one scale of time."""

from __future__ import annotations

from collections.abc import Sequence

from milonga.lineage.records import RunRecord, TaskRecord
from milonga.reporting.charts import ticks
from milonga.reporting.lettering import fit
from milonga.reporting.markup import text
from milonga.reporting.quantities import duration
from milonga.reporting.states import look_of, wall_seconds

_BARS_MAX = 60
_WIDTH = 1080.0
_NAMES = 250.0
_BAR = 12.0
_LINE = 21.0


def timeline(tasks: Sequence[TaskRecord], run: RunRecord) -> str:
    """A drawing of the steps that ran; of very many, the longest ones. Empty when none has run."""
    ran = [
        (task.started_at, task.ended_at, task)
        for task in tasks
        if task.kind == "step"
        and task.started_at is not None
        and task.ended_at is not None
        and look_of(task).name != "skipped"
    ]
    if len(ran) < 2:
        return ""
    longest = sorted(ran, key=lambda item: -(item[1] - item[0]))[:_BARS_MAX]
    shown = sorted(longest, key=lambda item: (item[0], item[2].path))
    start, end = min(item[0] for item in ran), max(item[1] for item in ran)
    # A resumed run may have steps from days ago: the scale is theirs all the same, since it is what happened.
    span = max(end - start, 1e-3)
    scale = (_WIDTH - _NAMES - 90) / span
    height = len(shown) * _LINE + 30
    parts = []
    for tick in ticks(0.0, span, 6):
        if tick > span:
            continue
        x = _NAMES + tick * scale
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{height - 22:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{height - 8:.1f}" text-anchor="middle">'
            f"{duration(tick) if tick else '0'}</text>"
        )
    for index, (begun, ended, task) in enumerate(shown):
        look, y = look_of(task), index * _LINE + 4
        x, width = _NAMES + (begun - start) * scale, max(2.5, (ended - begun) * scale)
        took = "cached" if look.name == "cached" else duration(wall_seconds(task))
        label = text(fit(task.path, _NAMES - 14, 11.5))
        parts.append(
            f'<g class="s-{look.name}"><title>{text(task.path, 400)}: {look.word}, {took}</title>'
            f'<text class="name" x="{_NAMES - 10}" y="{y + 10:.1f}" text-anchor="end">{label}</text>'
            f'<rect class="run" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}" rx="3"/>'
            f'<text class="tick" x="{x + width + 6:.1f}" y="{y + 10:.1f}">{took}</text></g>'
        )
    left_out = f" The {len(shown)} longest of {len(ran)} steps." if len(shown) < len(ran) else ""
    return (
        f'<figure class="scroll"><svg class="chart" role="group" aria-label="Timeline of steps" width="{_WIDTH:g}" '
        f'height="{height:g}" viewBox="0 0 {_WIDTH:g} {height:g}">{"".join(parts)}</svg>'
        f"<figcaption>Wall time of steps since the first start.{left_out}</figcaption></figure>"
    )
