"""Small charts as inline SVG. Each has a table beside it with the same numbers: nothing is in a picture only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from milonga.reporting.lettering import fit, text_width
from milonga.reporting.markup import escape, text
from milonga.reporting.quantities import number

_NAMES = 230.0
_WIDTH = 720.0
_LINE = 24.0
_LEFT = 64.0
_RIGHT = 20.0
_BOTTOM = 46.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length, and whether it is the one that was chosen."""

    label: str
    value: float
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """One point of a scatter chart."""

    label: str
    x: float
    y: float
    chosen: bool = False


def ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round values from `low` to just above `high`."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / count
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * magnitude for factor in (1, 2, 2.5, 5) if factor * magnitude >= rough), 10 * magnitude)
    first = math.floor(low / step)
    return [round((first + index) * step, 12) for index in range(math.ceil(high / step) - first + 1)]


def bar_chart(bars: Sequence[Bar], *, unit: str, limit: float | None, title: str) -> str:
    """Horizontal bars, with a line where the limit is."""
    if not bars:
        return ""
    top = max([bar.value for bar in bars] + ([limit] if limit is not None else [])) or 1.0
    scale = (_WIDTH - _NAMES - 190) / top
    height = len(bars) * _LINE + (26 if limit is not None else 6)
    parts = []
    for index, bar in enumerate(bars):
        y, width = index * _LINE + 4, max(1.5, bar.value * scale)
        over = limit is not None and bar.value > limit
        css = "chosen" if bar.chosen else "over" if over else "plain"
        words = f"{number(bar.value)} {unit}{' ★ chosen' if bar.chosen else ''}{' over the limit' if over else ''}"
        after = _NAMES + width + 7
        if limit is not None and after - 12 < _NAMES + limit * scale < after + text_width(words, 11.5):
            after = _NAMES + limit * scale + 7  # or the line would run through the words
        parts.append(
            f'<g class="b-{css}"><text class="name" x="{_NAMES - 10}" y="{y + 12:.1f}" text-anchor="end">'
            f"{escape(fit(bar.label, _NAMES - 14, 11.5))}</text>"
            f'<rect x="{_NAMES}" y="{y:.1f}" width="{width:.1f}" height="16" rx="3"/>'
            f'<text class="tick" x="{after:.1f}" y="{y + 12:.1f}">'
            f"{escape(words)}</text></g>"
        )
    if limit is not None:
        x = _NAMES + limit * scale
        parts.append(
            f'<path class="limit" d="M{x:.1f} 0V{height - 20:.1f}"/>'
            f'<text class="limit-name" x="{x:.1f}" y="{height - 6:.1f}" text-anchor="middle">'
            f"limit {number(limit)} {escape(unit)}</text>"
        )
    return _svg(parts, _WIDTH, height, title)


def scatter_chart(dots: Sequence[Dot], *, x_name: str, y_name: str, title: str, x_limit: float | None = None) -> str:
    """Points with their names, and a line where the limit is."""
    if not dots:
        return ""
    xs = [dot.x for dot in dots] + ([x_limit] if x_limit is not None else [])
    frame = _Frame.around([0.0, max(xs) * 1.08 or 1.0], _with_margin([dot.y for dot in dots]))
    parts = frame.grid(x_name, y_name)
    if x_limit is not None:
        x = frame.at_x(x_limit)
        parts.append(f'<path class="limit" d="M{x:.1f} 16V{frame.height - _BOTTOM}"/>')
        parts.append(f'<text class="limit-name" x="{x:.1f}" y="11" text-anchor="middle">limit {number(x_limit)}</text>')
    for dot in sorted(dots, key=lambda dot: dot.chosen):
        x, y, shown = frame.at_x(dot.x), frame.at_y(dot.y), fit(dot.label + (" ★" if dot.chosen else ""), 190, 11.5)
        end = x + text_width(shown, 11.5) + 14
        before = end > frame.width or (x_limit is not None and x < frame.at_x(x_limit) < end)
        css, radius = ("chosen", 7) if dot.chosen else ("plain", 5.5)
        place = f'x="{x - 11 if before else x + 11:.1f}" y="{y - 8:.1f}" text-anchor="{"end" if before else "start"}"'
        parts.append(
            f'<g class="b-{css}"><title>{text(dot.label, 200)}: {number(dot.x)}, {number(dot.y)}</title>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/><text class="name" {place}>{escape(shown)}</text></g>'
        )
    return _svg(parts, frame.width, frame.height, title)


def curve_chart(dots: Sequence[Dot], *, x_name: str, y_name: str, title: str) -> str:
    """A line through points, in the order of x."""
    if not dots:
        return ""
    ordered = sorted(dots, key=lambda dot: (dot.x, dot.y))
    frame = _Frame.around([dot.x for dot in ordered], _with_margin([dot.y for dot in ordered]))
    path = "L".join(f"{frame.at_x(dot.x):.1f} {frame.at_y(dot.y):.1f}" for dot in ordered)
    parts = [*frame.grid(x_name, y_name), f'<path class="curve" d="M{path}"/>']
    if len(ordered) <= 60:
        for dot in ordered:
            label = f"{dot.label} " if dot.label else ""
            parts.append(
                f'<g class="b-plain"><title>{text(label, 200)}{number(dot.x)}, {number(dot.y)}</title>'
                f'<circle cx="{frame.at_x(dot.x):.1f}" cy="{frame.at_y(dot.y):.1f}" r="3"/></g>'
            )
    return _svg(parts, frame.width, frame.height, title)


def _with_margin(values: Sequence[float]) -> list[float]:
    margin = (max(values) - min(values)) * 0.15 or max(0.01, abs(values[0]) * 0.02)
    low, high = min(values) - margin, max(values) + margin
    if min(values) >= 0.0 and max(values) <= 1.0:  # shares: an axis beyond 0 or 1 would promise what cannot be
        low, high = max(0.0, low), min(1.0, high)
    return [low, high]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Axes of a chart: its size in pixels and the round values on both axes."""

    width: float
    height: float
    x_ticks: tuple[float, ...]
    y_ticks: tuple[float, ...]

    @classmethod
    def around(cls, xs: Sequence[float], ys: Sequence[float]) -> _Frame:
        return cls(620.0, 290.0, tuple(ticks(min(xs), max(xs), 6)), tuple(ticks(min(ys), max(ys), 5)))

    def at_x(self, value: float) -> float:
        span = (self.x_ticks[-1] - self.x_ticks[0]) or 1.0
        return _LEFT + (value - self.x_ticks[0]) / span * (self.width - _LEFT - _RIGHT)

    def at_y(self, value: float) -> float:
        span = (self.y_ticks[-1] - self.y_ticks[0]) or 1.0
        return self.height - _BOTTOM - (value - self.y_ticks[0]) / span * (self.height - _BOTTOM - 16)

    def grid(self, x_name: str, y_name: str) -> list[str]:
        parts, floor = [], self.height - _BOTTOM
        for tick in self.y_ticks:
            y = self.at_y(tick)
            parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{self.width - _RIGHT}"/>')
            parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
        for tick in self.x_ticks:
            x = self.at_x(tick)
            parts.append(f'<path class="grid" d="M{x:.1f} 16V{floor}"/>')
            parts.append(f'<text class="tick" x="{x:.1f}" y="{floor + 17}" text-anchor="middle">{tick:g}</text>')
        x, y = (_LEFT + self.width - _RIGHT) / 2, (floor + 16) / 2
        parts.append(f'<text class="axis" x="{x}" y="{self.height - 8}" text-anchor="middle">{escape(x_name)}</text>')
        turned = f'transform="rotate(-90 14 {y})"'
        parts.append(f'<text class="axis" x="14" y="{y}" text-anchor="middle" {turned}>{escape(y_name)}</text>')
        return parts


def _svg(parts: Sequence[str], width: float, height: float, title: str) -> str:
    return (
        f'<figure class="scroll"><svg class="chart" role="img" aria-label="{text(title, 200)}" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">{"".join(parts)}</svg></figure>'
    )
