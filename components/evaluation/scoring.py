"""Scores of a classifier from probabilities and true classes: plain counts, nothing estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from milonga.components.contracts.evaluation import ClassScore

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one model on one split; the fields are those of `EvaluationReport`."""

    accuracy: float
    macro_f1: float
    log_loss: float
    per_class: tuple[ClassScore, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]


def score(probabilities: npt.NDArray[np.float64], y: npt.NDArray[np.int64], classes: Sequence[str]) -> Scores:
    """Score predictions.

    The prediction is the class with the largest probability, the first one of equals.

    Args:
        probabilities: `[n, classes]`, n above 0.
        y: true class indices `[n]`.
        classes: names.
    """
    import numpy as np

    size = len(classes)
    predicted = probabilities.argmax(axis=1)
    matrix = np.bincount(y * size + predicted, minlength=size * size).reshape(size, size)
    right, true, guessed = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    per_class = tuple(
        ClassScore(
            name=name,
            precision=_share(right[index], guessed[index]),
            recall=_share(right[index], true[index]),
            f1=_share(2 * right[index], true[index] + guessed[index]),
            support=int(true[index]),
        )
        for index, name in enumerate(classes)
    )
    occurring = [item.f1 for item, seen in zip(per_class, true + guessed, strict=True) if seen]
    of_truth = probabilities[np.arange(len(y)), y]
    return Scores(
        accuracy=_share(right.sum(), len(y)),
        macro_f1=sum(occurring) / len(occurring),
        # One certain and wrong answer would make the mean infinite; 1e-7 is about the resolution of float32.
        log_loss=float(-np.log(np.clip(of_truth, 1e-7, 1)).mean()) + 0.0,
        per_class=per_class,
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
    )


def _share(part: int | np.int64, whole: int | np.int64) -> float:
    return float(part) / float(whole) if whole else 0.0
