"""The form of the texts, and its reader.

    # E11x: what is given to an input

    ## E113 · A value of the wrong type

    Who: the author of the pipeline

    Means: one paragraph, a line of any length.

    Why: one paragraph.

    ```python wrong
    ...
    ```

    Mend: one paragraph.

    ```python right
    ...
    ```

    See: E111, E114

Who, Means, Why and Mend must be there, once each and in this order. A fence names its language and whether it is the
mistake or mended; `run` after that says that the mistake shows only when the pipeline runs. The reader is strict: what
it does not know is an error, so that a slip in a text is found by the tests and not by a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.explanations.example import Example
from milonga.explanations.explanation import Explanation

_HEADING = re.compile(r"## (E\d{3}) · (\S.*)")
_FENCE = re.compile(r"```(python|yaml|console|text) (wrong|right)( run)?")
_FIELD = re.compile(r"(Who|Means|Why|Mend|See): (\S.*)")
_REQUIRED = ("Who", "Means", "Why", "Mend")


def read_sections(text: str, file: str) -> Iterator[Explanation]:
    """The explanations of one file, in its order.

    Raises:
        ValueError: the text is not of the form above; the message names file and line.
    """
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("## ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _section(lines, start, end, file)


def _section(lines: list[str], start: int, end: int, file: str) -> Explanation:
    heading = _HEADING.fullmatch(lines[start])
    if heading is None:
        raise ValueError(f"{file}:{start + 1}: a heading must be '## E113 · Title'")
    fields: dict[str, str] = {}
    examples: list[Example] = []
    number = start + 1
    while number < end:
        line = lines[number]
        if line.startswith("```"):
            closing = next((after for after in range(number + 1, end) if lines[after] == "```"), None)
            fence = _FENCE.fullmatch(line)
            if fence is None or closing is None:
                raise ValueError(f"{file}:{number + 1}: a fence that is unknown or never closed")
            body = "\n".join(lines[number + 1 : closing]) + "\n"
            examples.append(Example(fence[1], body, fence[2] == "wrong", needs_run=bool(fence[3])))
            number = closing
        elif line.strip():
            field = _FIELD.fullmatch(line)
            if field is None or field[1] in fields:
                raise ValueError(f"{file}:{number + 1}: neither a new field nor a fence: {line[:60]}")
            fields[field[1]] = field[2]
        number += 1
    if tuple(name for name in fields if name != "See") != _REQUIRED:
        raise ValueError(f"{file}:{start + 1}: {heading[1]} must have {', '.join(_REQUIRED)}, in this order")
    who, means, why, mend = (fields[name] for name in _REQUIRED)
    related = tuple(part.strip() for part in fields.get("See", "").split(",") if part.strip())
    return Explanation(heading[1], heading[2], who, means, why, mend, tuple(examples), related)
