"""The artifact classes `Metrics`, `ClassificationMetrics` and `SlicedClassificationMetrics`.

Their values live in the metadata, in the shape that the KFP page of a run draws (proto `ArtifactMetadata`,
as kfp 2.17.0 writes it), so that one record serves every back end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from milonga.dsl.artifacts.artifact import Artifact


class Metrics(Artifact):
    """Named numbers."""

    SCHEMA_TITLE: ClassVar[str] = "system.Metrics"

    def log(self, name: str, value: float) -> None:
        """Record the number `value` under `name`."""
        self.metadata[name] = value

    def log_metric(self, metric: str, value: float) -> None:
        """The name that kfp gives to `log`."""
        self.log(metric, value)


class ClassificationMetrics(Artifact):
    """A confusion matrix and a ROC curve."""

    SCHEMA_TITLE: ClassVar[str] = "system.ClassificationMetrics"

    def log_confusion_matrix(self, categories: Sequence[str], matrix: Sequence[Sequence[int]]) -> None:
        """Record a confusion matrix.

        Args:
            categories: class names, length n.
            matrix: n rows (true class) of n counts (predicted class).

        Raises:
            ValueError: the matrix is not n by n.
        """
        size = len(categories)
        if len(matrix) != size or any(len(row) != size for row in matrix):
            shape = [len(row) for row in matrix]
            raise ValueError(f"a matrix of {size} x {size} counts must hold, but got rows of {shape}")
        self.metadata["confusionMatrix"] = {
            "annotationSpecs": [{"displayName": name} for name in categories],
            "rows": [{"row": [int(count) for count in row]} for row in matrix],
        }

    def log_roc_curve(
        self, false_positive_rate: Sequence[float], true_positive_rate: Sequence[float], threshold: Sequence[float]
    ) -> None:
        """Record a ROC curve of three sequences of one length.

        Raises:
            ValueError: the lengths differ.
        """
        if not len(false_positive_rate) == len(true_positive_rate) == len(threshold):
            lengths = (len(false_positive_rate), len(true_positive_rate), len(threshold))
            raise ValueError(f"three sequences of one length must hold, but got lengths {lengths}")
        points: list[dict[str, Any]] = [
            {"confidenceThreshold": limit, "recall": true, "falsePositiveRate": false}
            for false, true, limit in zip(false_positive_rate, true_positive_rate, threshold, strict=True)
        ]
        self.metadata["confidenceMetrics"] = points


class SlicedClassificationMetrics(Artifact):
    """Classification metrics for each slice of the data, kept as metadata."""

    SCHEMA_TITLE: ClassVar[str] = "system.SlicedClassificationMetrics"
