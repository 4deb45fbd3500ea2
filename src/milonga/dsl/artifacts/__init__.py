"""What flows between tasks as files: KFP's system types, open to subclasses of your own."""

from milonga.dsl.artifacts.artifact import Artifact
from milonga.dsl.artifacts.dataset import Dataset
from milonga.dsl.artifacts.documents import HTML, Markdown
from milonga.dsl.artifacts.metrics import ClassificationMetrics, Metrics, SlicedClassificationMetrics
from milonga.dsl.artifacts.model import Model

__all__ = [
    "HTML",
    "Artifact",
    "ClassificationMetrics",
    "Dataset",
    "Markdown",
    "Metrics",
    "Model",
    "SlicedClassificationMetrics",
]
