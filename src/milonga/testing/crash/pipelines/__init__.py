"""Pipelines that are killed: each of their steps notes its label in a ledger as the last thing that it does.

The label of a step is its name, and the indices of the loops around it: "weigh", "weigh 2", "cell 2 0".
"""

from __future__ import annotations

from pathlib import Path

PIPELINES = ("linear", "wide", "nested", "guarded", "contents")
"""One module of this folder each, which holds `pipeline`."""


def find_pipeline(name: str) -> str:
    """What `milonga run` takes for one of `PIPELINES`."""
    return f"{Path(__file__).with_name(f'{name}.py')}:pipeline"
