"""The contract `Evaluation`, written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from milonga.components.contracts import Evaluation
from milonga.components.contracts.evaluation import ClassScore, EvaluationReport, GateCheck
from milonga.errors import DataError


def make_report(*, passed: bool = True) -> EvaluationReport:
    return EvaluationReport(
        split="test",
        samples=10,
        classes=("a", "b"),
        accuracy=0.8,
        macro_f1=0.79,
        log_loss=0.4,
        per_class=(ClassScore("a", 0.8, 0.8, 0.8, 5), ClassScore("b", 0.8, 0.8, 0.8, 5)),
        confusion_matrix=((4, 1), (1, 4)),
        checks=(GateCheck("accuracy", 0.8, 0.7, True), GateCheck("accuracy_against_production", 0.8, 0.9, passed)),
    )


def test_what_was_written_is_read_back_and_stands_in_the_metadata(tmp_path: Path) -> None:
    report = Evaluation.at(tmp_path / "report")
    report.write(make_report(passed=False))
    assert report.read() == make_report(passed=False)
    content = json.loads((tmp_path / "report").read_text())
    assert content["gate"]["passed"] is False and content["format"] == "milonga.evaluation/1"
    assert report.metadata["accuracy"] == 0.8 and report.metadata["gate_passed"] == 0.0
    assert report.metadata["accuracy_against_production_limit"] == 0.9


@pytest.mark.parametrize(
    "changes",
    [
        {"accuracy": 1.2},
        {"split": "train"},
        {"confusion_matrix": [[4, 1], [1, 5]]},
        {"confusion_matrix": [[5, 5]]},
        {"confusion_matrix": [[4, 1], [1, 4.0]]},
        {"classes": ["a", "c"]},
        {"gate": {"passed": True, "checks": [{"name": "accuracy", "value": 0.8, "limit": 0.9, "passed": False}]}},
    ],
)
def test_a_report_that_contradicts_itself_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    report = Evaluation.at(tmp_path / "report")
    report.write(make_report())
    report.path.write_text(json.dumps({**json.loads(report.path.read_text()), **changes}))
    with pytest.raises(DataError, match="E523"):
        report.read()
