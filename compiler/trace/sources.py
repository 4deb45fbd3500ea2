"""What a component's function needs from the module around it, as one Python text that stands by itself.

The function's source is read and every name that it uses is followed to what defines it: imports, helper functions,
classes, constants, other components. In a file that is a statement of the file; in a notebook the value that the name
has now decides, and the definition comes from the cell that made it.

What cannot travel is named: a closure over a run-time object, data that another cell has loaded, a notebook's command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from milonga.compiler.trace.cells import is_cell
from milonga.compiler.trace.extracted_source import ExtractedSource
from milonga.compiler.trace.extraction import Extraction, file_of
from milonga.compiler.trace.notebook_extraction import NotebookExtraction


def extract(function: Callable[..., Any], name: str) -> ExtractedSource:
    """The text that defines `function` under `name`, and everything that it needs.

    Raises:
        AuthoringError: E150 the source cannot be found, E151 something that it uses cannot travel, E180 it uses what
            only a notebook has.
    """
    kind = NotebookExtraction if is_cell(file_of(function)) else Extraction
    return kind(function).run()


__all__ = ["ExtractedSource", "extract"]
