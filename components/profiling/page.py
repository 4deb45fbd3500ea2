"""The statistics as one self-contained HTML page: no script, no request, light and dark."""

from __future__ import annotations

import base64
import io
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.dataset_description import DatasetDescription, split_names
from milonga.components.profiling.statistics import FeatureStatistics, ImageStatistics, Statistics
from milonga.errors import MissingExtra

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ROWS_MAX = 60
"""Most classes or features in one table of the page; the statistics file holds all of them."""


def draw_page(statistics: Statistics, data: DataSplits) -> str:
    """The page. Names from the data are text in it, never markup.

    Args:
        statistics: what it shows.
        data: where the sample thumbnails come from (train split).
    """
    description = statistics.description
    title = f"Profile of {description.source}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="faint"><code>{escape(description.digest)}</code></p>',
        _facts(statistics),
        _warnings(statistics),
        _classes(description),
    ]
    if description.kind == "image":
        body += [_thumbnails(description, data), _brightness(statistics.images)]
    else:
        body.append(_features(statistics.features))
    style = files("milonga.components.profiling").joinpath("page.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _facts(statistics: Statistics) -> str:
    description = statistics.description
    if description.image is not None:
        form = description.image
        kind = "grey" if form.channels == 1 else "colour"
        sample = (f"{form.height} x {form.width}", f"pixels, {kind}")
    else:
        sample = (str(len(description.features)), "features")
    cards = [(str(sum(description.splits.values())), "samples"), (str(len(description.classes)), "classes"), sample]
    cards += [(str(description.splits[name]), f"in {name}") for name in split_names()]
    cards.append((str(statistics.duplicates.repeated), "repeated samples"))
    shown = (f'<div class="fact"><b>{escape(value)}</b>{escape(label)}</div>' for value, label in cards)
    return f'<div class="facts">{"".join(shown)}</div>'


def _warnings(statistics: Statistics) -> str:
    if not statistics.warnings:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in statistics.warnings)
    return f'<ul class="warnings">{items}</ul>'


def _classes(description: DatasetDescription) -> str:
    counts = description.class_counts
    largest = max(sum(counts[name][label] for name in split_names()) for label in description.classes)
    rows = []
    for label in description.classes[:ROWS_MAX]:
        cells = "".join(f"<td>{counts[name][label]}</td>" for name in split_names())
        bars = "".join(
            f'<i class="{name}" style="width:{100 * counts[name][label] / largest:.2f}%"></i>' for name in split_names()
        )
        rows.append(f'<tr><td>{escape(label)}</td><td class="chart"><div class="bar">{bars}</div></td>{cells}</tr>')
    key = "".join(f'<span><i class="{name}"></i>{name}</span>' for name in split_names())
    heads = "".join(f"<th>{name}</th>" for name in split_names())
    return (
        f'<h2>Classes</h2><div class="key">{key}</div><div class="scroll"><table>'
        f"<tr><th>class</th><th></th>{heads}</tr>{''.join(rows)}</table></div>"
        + _left_out(len(description.classes), "classes")
    )


def _thumbnails(description: DatasetDescription, data: DataSplits) -> str:
    import numpy as np

    x, y = data.load_split("train")
    rows = []
    for index, label in enumerate(description.classes[:20]):
        chosen = np.flatnonzero(y == index)[:8]
        pictures = "".join(f'<img alt="" src="{_data_url(x[int(row)])}">' for row in chosen)
        rows.append(f"<span>{escape(label)}</span><div>{pictures}</div>")
    small = description.image is not None and max(description.image.height, description.image.width) < 56
    sharp = " pixelated" if small else ""
    more = _left_out(len(description.classes), "classes", shown=20)
    return f'<h2>Samples of the train split</h2><div class="thumbnails{sharp}">{"".join(rows)}</div>{more}'


def _data_url(pixels: npt.NDArray[np.uint8]) -> str:
    """One image `[height, width, channels]` as a PNG of at most 64 x 64 pixels."""
    try:
        from PIL import Image
    except ImportError as reason:
        raise MissingExtra.of("pillow", "data", "drawing sample images") from reason
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((64, 64))
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _brightness(images: dict[str, ImageStatistics]) -> str:
    figures = []
    for name, found in images.items():
        tallest = max(found.brightness_histogram)
        bars = "".join(
            f'<rect class="fill-{name}" x="{index * 10 + 1}" width="8" y="{80 * (1 - count / tallest):.2f}" '
            f'height="{80 * count / tallest:.2f}"/>'
            for index, count in enumerate(found.brightness_histogram)
        )
        figures.append(
            f'<figure><svg viewBox="0 0 160 80" preserveAspectRatio="none" role="img" aria-label="{name}">{bars}</svg>'
            f'<figcaption>{name} <span class="faint">mean {found.brightness_mean:.3f}, spread '
            f"{found.brightness_std:.3f}, contrast {found.contrast_mean:.3f}</span></figcaption></figure>"
        )
    note = '<p class="faint">Mean pixel of an image, black (0) on the left to white (1) on the right.</p>'
    return f'<h2>Brightness</h2>{note}<div class="histograms">{"".join(figures)}</div>'


def _features(features: tuple[FeatureStatistics, ...]) -> str:
    names = ("minimum", "median", "maximum", "mean", "std", "between_classes", "test_shift")
    heads = ("minimum", "median", "maximum", "mean", "std", "between classes", "test shift")
    rows = []
    for feature in features[:ROWS_MAX]:
        cells = "".join(f"<td>{getattr(feature, name):.4g}</td>" for name in names)
        rows.append(f"<tr><td>{escape(feature.name)}</td><td>{escape(feature.dtype)}</td>{cells}</tr>")
    note = (
        '<p class="faint">Over the train split. "between classes" is the share of the variance between the classes '
        '(0 to 1); "test shift" is how far the test split\'s mean is off, in standard deviations.</p>'
    )
    head = "".join(f"<th>{name}</th>" for name in ("feature", "type", *heads))
    table = f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'
    return f"<h2>Features</h2>{note}{table}{_left_out(len(features), 'features')}"


def _left_out(count: int, what: str, *, shown: int = ROWS_MAX) -> str:
    return f'<p class="faint">{count - shown} more {what} are not shown here.</p>' if count > shown else ""
