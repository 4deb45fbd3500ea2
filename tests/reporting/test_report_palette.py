import re

import pytest

from milonga.reporting.graph_svg import stylesheet


def palettes() -> list[dict[str, str]]:
    """Light, dark and print."""
    blocks = re.findall(r"\.mlg\{(.*?)\}", stylesheet("palette.css"), re.S)
    return [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})\b", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("index", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_the_contrast_that_wcag_asks_for(index):
    colours = palettes()[index]
    states = ("green", "red", "blue", "grey", "amber", "plum")
    pairs = [(text, ground) for text in ("ink", "muted", "accent") for ground in ("card", "ground", "accent-wash")]
    pairs += [(state, f"{state}-wash") for state in states] + [("on", state) for state in states]
    pairs += [("ink", "wash"), ("muted", "wash"), ("red", "card"), ("ink", "red-wash")]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: round(value, 2) for pair, value in low.items() if value < 4.5} == {}
