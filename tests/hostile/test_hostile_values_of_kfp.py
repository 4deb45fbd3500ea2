"""Hostile texts in pipelines written with kfp: their values pass through kfp's compiler and kfp's own executor.

Everything that is written lies in the test's own folder, and no text is ever used as a path.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import FAMILIES, MEGABYTE, TEXTS

import milonga as ml
from milonga.engine.progress import Silent
from milonga.engine.result import RunResult

pytest.importorskip("kfp", reason="kfp is not installed")

import kfp_pipelines

Play = Callable[..., RunResult]

FEW = tuple(text for name, texts in FAMILIES.items() if name != "long" for text in texts[:: max(1, len(texts) // 3)])
"""Some of each family, for each of them takes three steps."""


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(pipeline: Any, arguments: dict[str, Any]) -> RunResult:
        return ml.run(pipeline, arguments, home=tmp_path / "home", jobs=2, progress=Silent()).raise_for_state()

    return run


def test_values_and_keys_arrive_as_they_were_given(play: Play) -> None:
    texts = [*TEXTS, MEGABYTE]
    table = {text: text for text in texts}
    result = play(kfp_pipelines.pass_on, {"texts": texts, "table": table})
    assert result.outputs == {"texts": texts, "table": table}
    assert result.tasks["echo-table"].outputs == {"Output": table}


def test_a_text_equals_itself_in_conditions_loops_files_and_metadata(play: Play) -> None:
    assert {text for texts in FAMILIES.values() for text in texts} >= set(FEW) and len(FEW) >= 50
    result = play(kfp_pipelines.compare, {"texts": list(FEW)})
    assert result.outputs == {"equal": list(FEW), "unequal": [], "wrong": []}
