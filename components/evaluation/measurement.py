"""Measure a compiled model on a split, and hold it against a threshold and the model in production."""

from __future__ import annotations

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.dataset_description import DatasetDescription, SplitName
from milonga.components.contracts.evaluation import EvaluationReport, GateCheck
from milonga.components.evaluation.prediction import predict
from milonga.components.evaluation.scoring import Scores, score
from milonga.errors import DataError


def measure(model: CompiledModel, data: DataSplits, *, split: SplitName) -> Scores:
    """Scores of `model` on `split`, all measured now; no number recorded in the model is read.

    Raises:
        DataError: E530 (other classes), E531 (another input), E532 (the split is empty), E533 and E534 of `predict`.
        DeviceError: E630 to E634, the model's folder does not keep its contract.
    """
    description = data.read()
    _check_match(model, description)
    x, y = data.load_split(split)
    if not len(y):
        raise DataError("E532", f"the split '{split}' is empty", where=str(data.path), expected="a sample or more")
    return score(predict(model.onnx_path, x, classes=len(description.classes)), y, description.classes)


def judge(
    candidate: Scores, *, accuracy_min: float, production: Scores | None, drop_max: float
) -> tuple[GateCheck, ...]:
    """The checks of the gate: the accuracy, and with `production` also the accuracy against its accuracy."""
    checks = [_at_least("accuracy", candidate.accuracy, accuracy_min)]
    if production is not None:
        limit = production.accuracy - drop_max
        checks.append(_at_least("accuracy_against_production", candidate.accuracy, limit))
    return tuple(checks)


def check_limits(*, accuracy_min: float, drop_max: float) -> None:
    """Refuse limits that mean nothing.

    Raises:
        DataError: E509, a limit is not between 0 and 1.
    """
    for name, value in (("accuracy_min", accuracy_min), ("drop_max", drop_max)):
        if not 0 <= value <= 1:
            raise DataError("E509", f"'{name}' is out of range", got=str(value), expected="0 to 1")


def make_report(
    scores: Scores, checks: tuple[GateCheck, ...], *, description: DatasetDescription, split: SplitName
) -> EvaluationReport:
    """The report of one evaluation."""
    return EvaluationReport(
        split=split,
        samples=description.splits[split],
        classes=description.classes,
        accuracy=scores.accuracy,
        macro_f1=scores.macro_f1,
        log_loss=scores.log_loss,
        per_class=scores.per_class,
        confusion_matrix=scores.confusion_matrix,
        checks=checks,
    )


def _at_least(name: str, value: float, limit: float) -> GateCheck:
    # 0.92 - 0.02 is 0.9 and a little in binary; an accuracy differs by 1/n at least, so this decides no real case.
    return GateCheck(name=name, value=value, limit=limit, passed=value >= limit - 1e-12)


def _check_match(model: CompiledModel, data: DatasetDescription) -> None:
    compiled = model.read()
    where = str(model.path)
    if compiled.classes != data.classes:
        only_model = sorted(set(compiled.classes) - set(data.classes))
        only_data = sorted(set(data.classes) - set(compiled.classes))
        got = f"only in the model: {only_model}, only in the data: {only_data}"
        if not only_model and not only_data:
            got = f"the same names in another order: {list(compiled.classes)}"
        message = "the model and the data differ in their classes"
        raise DataError("E530", message, where=where, got=got, expected=f"{list(data.classes)}"[:300])
    if data.image is not None:
        shape: tuple[int, ...] = (data.image.channels, data.image.height, data.image.width)
    else:
        shape = data.sample_shape
    if compiled.input.kind != data.kind or compiled.input.sample_shape != shape:
        message = "the model takes another input than the data has"
        got = f"{compiled.input.kind} {list(compiled.input.sample_shape)}"
        raise DataError("E531", message, where=where, got=got, expected=f"{data.kind} {list(shape)}")
