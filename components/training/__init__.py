"""Training: from frozen splits to a model, our own networks for images and scikit-learn for tables."""

from milonga.components.training.component import Trained, train, train_table

__all__ = ["Trained", "train", "train_table"]
