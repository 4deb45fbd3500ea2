"""The component `evaluate`."""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.evaluation import Evaluation
from milonga.dsl import ClassificationMetrics, component


class Evaluated(NamedTuple):
    """Outputs of `evaluate`.

    Attributes:
        report: all scores and the gate's checks.
        confusion: the confusion matrix, as the page of a run draws it.
        accuracy: share of right predictions, 0 to 1.
        passed: whether every check of the gate passed.
    """

    report: Evaluation
    confusion: ClassificationMetrics
    accuracy: float
    passed: bool


@component(packages=["numpy>=1.26,<3", "onnxruntime>=1.20"], cpu="2", memory="1Gi")
def evaluate(
    model: CompiledModel,
    data: DataSplits,
    *,
    split: Literal["validation", "test"] = "test",
    accuracy_min: float = 0.0,
    production: Optional[CompiledModel] = None,  # noqa: UP045 - the spelling that components and kfp share
    drop_max: float = 0.0,
) -> Evaluated:
    """Measure the compiled model that would be deployed, and say whether it may be.

    What runs is the chosen `model.onnx` on ONNX Runtime, on the whole split. With `production` that model runs on
    the same samples, and the candidate's accuracy must reach production's minus `drop_max`. A gate that does not
    pass is a result (`passed` is False), not an error.

    Args:
        model: the candidate.
        data: data with the model's classes, in its order, and the model's input form.
        split: the split to measure on.
        accuracy_min: accuracy that the candidate must reach, 0 to 1.
        production: the model that serves now; None when there is none.
        drop_max: accuracy that the candidate may lack against production, 0 to 1.

    Returns:
        The report, the confusion matrix (rows are true classes), the accuracy and the gate's answer.

    Raises:
        DataError: E509 a limit out of range, E520 to E524 broken data, E530 other classes, E531 another input form,
            E532 an empty split, E533 an output that is no probability, E534 a network that does not run.
        DeviceError: E630 to E634, a model's folder does not keep its contract.
    """
    from milonga.components.contracts.json_file import write_json
    from milonga.components.evaluation.measurement import check_limits, judge, make_report, measure

    check_limits(accuracy_min=accuracy_min, drop_max=drop_max)
    scores = measure(model, data, split=split)
    serving = None if production is None else measure(production, data, split=split)
    checks = judge(scores, accuracy_min=accuracy_min, production=serving, drop_max=drop_max)
    result = make_report(scores, checks, description=data.read(), split=split)

    report = Evaluation.create_file("report")
    report.write(result)
    confusion = ClassificationMetrics.create_file("confusion")
    matrix = [list(row) for row in result.confusion_matrix]
    write_json(confusion.path, {"classes": list(result.classes), "confusion_matrix": matrix})
    confusion.log_confusion_matrix(result.classes, matrix)
    return Evaluated(report, confusion, result.accuracy, result.passed)
