"""The contract `Evaluation`: what a model scored on a split, and whether it may go on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.dsl import Metrics


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Scores of one class, each 0 to 1; 0 where a denominator is 0.

    Attributes:
        name: the class.
        precision: share of the samples predicted as this class that are of it.
        recall: share of the samples of this class that were predicted as it.
        f1: harmonic mean of both.
        support: samples of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One condition of the gate.

    Attributes:
        name: what was checked.
        value: what was measured.
        limit: what `value` had to reach.
        passed: whether it did.
    """

    name: str
    value: float
    limit: float
    passed: bool


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The content of an `Evaluation`.

    Attributes:
        split: the split that was measured on.
        samples: its size.
        classes: names, in the order of the matrix.
        accuracy: share of right predictions.
        macro_f1: mean of the classes' F1 over the classes that occur in the split or in a prediction.
        log_loss: mean of -ln(probability of the true class), in nats; probabilities are clipped at 1e-7.
        per_class: scores of each class, in the order of `classes`.
        confusion_matrix: rows are true classes, columns are predicted classes.
        checks: conditions of the gate; it passes when all pass.
    """

    split: str
    samples: int
    classes: tuple[str, ...]
    accuracy: float
    macro_f1: float
    log_loss: float
    per_class: tuple[ClassScore, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    checks: tuple[GateCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the file."""
        value = asdict(self)
        checks = value.pop("checks")
        return {"format": "milonga.evaluation/1", "gate": {"passed": self.passed, "checks": checks}, **value}

    @classmethod
    def from_fields(cls, fields: Fields) -> EvaluationReport:
        """The report in a parsed file.

        Raises:
            DataError: E523, a field does not keep the contract.
        """
        classes = fields.texts("classes", distinct=True)
        gate = fields.fields("gate")
        report = cls(
            split=fields.text("split", choices=("validation", "test")),
            samples=fields.integer("samples", minimum=1),
            classes=classes,
            accuracy=fields.number("accuracy", minimum=0, maximum=1),
            macro_f1=fields.number("macro_f1", minimum=0, maximum=1),
            log_loss=fields.number("log_loss", minimum=0),
            per_class=tuple(_class_score(item) for item in fields.items("per_class")),
            confusion_matrix=_matrix(fields, len(classes)),
            checks=tuple(_check(item) for item in gate.items("checks")),
        )
        if tuple(score.name for score in report.per_class) != classes:
            fields.fail("per_class", [score.name for score in report.per_class], f"the classes {list(classes)}")
        if sum(map(sum, report.confusion_matrix)) != report.samples:
            fields.fail("confusion_matrix", report.confusion_matrix, f"a sum of {report.samples}")
        if gate.boolean("passed") != report.passed:
            gate.fail("passed", not report.passed, "true exactly when every check passed")
        return report


class Evaluation(Metrics):
    """A single JSON file; its numbers also stand in the metadata, for back ends that draw them."""

    def write(self, report: EvaluationReport) -> None:
        """Write `report` and record its numbers as metadata."""
        write_json(self.path, report.to_json())
        self.log("samples", report.samples)
        self.log("accuracy", report.accuracy)
        self.log("macro_f1", report.macro_f1)
        self.log("log_loss", report.log_loss)
        self.log("gate_passed", float(report.passed))
        for check in report.checks:
            self.log(f"{check.name}_limit", check.limit)

    def read(self) -> EvaluationReport:
        """The report.

        Raises:
            DataError: E520 to E523, the file does not keep the contract.
        """
        return EvaluationReport.from_fields(read_json(self.path, format="milonga.evaluation/1"))


def _class_score(fields: Fields) -> ClassScore:
    precision, recall, f1 = (fields.number(name, minimum=0, maximum=1) for name in ("precision", "recall", "f1"))
    return ClassScore(fields.text("name"), precision, recall, f1, fields.integer("support", minimum=0))


def _check(fields: Fields) -> GateCheck:
    return GateCheck(fields.text("name"), fields.number("value"), fields.number("limit"), fields.boolean("passed"))


def _matrix(fields: Fields, size: int) -> tuple[tuple[int, ...], ...]:
    rows = fields.raw("confusion_matrix")
    expected = f"{size} rows of {size} counts"
    if not isinstance(rows, list) or len(rows) != size:
        fields.fail("confusion_matrix", rows, expected)
    for row in rows:
        if not isinstance(row, list) or len(row) != size or not all(type(n) is int and n >= 0 for n in row):
            fields.fail("confusion_matrix", row, expected)
    return tuple(tuple(row) for row in rows)
