"""Explanations by code, read from the files beside this one."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from milonga.explanations.explanation import Explanation
from milonga.explanations.sections import read_sections

_FOLDER = Path(__file__).parent
_CODE = re.compile(r"E\d{3}")


def explanation_of(code: str) -> Explanation | None:
    """The explanation of an error code, or None when there is none. Reads the one file that would hold it."""
    if not _CODE.fullmatch(code):
        return None
    return _group(code[:3]).get(code)


def explanations() -> Iterator[Explanation]:
    """All explanations, sorted by code."""
    for path in sorted(_FOLDER.glob("e??x.md")):
        yield from _group(path.stem[:-1].upper()).values()


def explained_codes() -> tuple[str, ...]:
    """All codes that have an explanation, sorted."""
    return tuple(explanation.code for explanation in explanations())


@functools.lru_cache(maxsize=64)
def _group(prefix: str) -> dict[str, Explanation]:
    """The explanations of ten codes, such as those that begin with "E11", sorted."""
    path = _FOLDER / f"{prefix.lower()}x.md"
    if not path.is_file():
        return {}
    found = sorted(read_sections(path.read_text("utf-8"), path.name), key=lambda explanation: explanation.code)
    codes = [explanation.code for explanation in found]
    if len(set(codes)) != len(codes) or not all(code.startswith(prefix) for code in codes):
        raise ValueError(f"{path.name}: a code stands there twice, or belongs into another file")
    return {explanation.code: explanation for explanation in found}
