"""The components `train` and `train_table`."""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.trained_model import TrainedModel
from milonga.dsl import component


class Trained(NamedTuple):
    """Outputs of `train` and `train_table`.

    Attributes:
        model: the trained model.
        validation_accuracy: share of right predictions on the validation split, 0 to 1.
    """

    model: TrainedModel
    validation_accuracy: float


@component(packages=["numpy>=1.26,<3", "torch>=2.6", "safetensors>=0.4"], cpu="2", memory="4Gi")
def train(
    data: DataSplits,
    *,
    family: Literal["resnet", "densenet"] = "resnet",
    level: int = 2,
    epochs: int = 12,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    weight_decay: float = 1e-2,
    label_smoothing: float = 0.05,
    augment: Literal["none", "shift", "flip"] = "shift",
    hyperparameters: Optional[dict] = None,  # type: ignore[type-arg]  # noqa: UP045 - as components and kfp spell it
    seed: int = 0,
    threads: int = 0,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> Trained:
    """Train a network on images from scratch and keep its best epoch by validation accuracy.

    AdamW; the learning rate rises over the first tenth of the steps and falls along half a cosine. One line of
    `key=value` pairs an epoch goes to stdout. On the CPU the same arguments and threads give the same bytes.

    Args:
        data: images of 8 x 8 pixels or more.
        family: `resnet` (sums) or `densenet` (concatenations).
        level: size of the network, 1 (about 5 thousand parameters) to 5 (about 2 million).
        epochs: passes over the train split, 1 to 10000.
        batch_size: samples a step, 2 to 65536.
        learning_rate: its peak, 1e-8 to 10.
        weight_decay: AdamW's decoupled decay of convolution and classifier weights, 0 to 10.
        label_smoothing: share of the label that is spread over all classes, 0 to 0.9.
        augment: `shift` moves by up to an eighth of the size; `flip` also mirrors left and right.
        hyperparameters: name -> value, before the arguments of these names; what `tune` returns.
        seed: of weights, order and augmentation, 0 or more.
        threads: CPU threads; 0 leaves the choice to torch.
        device: `auto` takes CUDA when there is one.

    Returns:
        The model with its history, and its accuracy on the validation split.

    Raises:
        DataError: E520 to E524 broken data, E550 no images, E551 too few samples, E552 images too small,
            E553 the loss is not finite any more.
        DeviceError: E690, CUDA was asked for and there is none.
        UsageError: E960 an unknown hyperparameter, E961 a value out of range.
    """
    from milonga.components.training.impl import train_network
    from milonga.components.training.settings import NetworkHyperparameters

    named = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "augment": augment,
    }
    values = NetworkHyperparameters.of(named, hyperparameters)
    result = train_network(
        data, family=family, level=level, hyperparameters=values, seed=seed, threads=threads, device=device
    )
    model = TrainedModel.create("model")
    model.write_network(result.description, result.state)
    model.metadata["validation_accuracy"] = result.best.validation_accuracy
    return Trained(model, result.best.validation_accuracy)


@component(packages=["numpy>=1.26,<3", "scikit-learn>=1.5", "skops>=0.11"], cpu="2", memory="2Gi")
def train_table(
    data: DataSplits,
    *,
    estimator: Literal["logistic", "forest", "boosting"] = "boosting",
    hyperparameters: Optional[dict] = None,  # type: ignore[type-arg]  # noqa: UP045 - as components and kfp spell it
    seed: int = 0,
    threads: int = 0,
) -> Trained:
    """Train a scikit-learn estimator on a table. The same arguments give the same bytes.

    Args:
        data: a table.
        estimator: `logistic` (standardised features, logistic regression), `forest` (random forest) or `boosting`
            (gradient boosting on histograms).
        hyperparameters: scikit-learn's names -> value. logistic: C, max_iter. forest: n_estimators, max_depth,
            min_samples_leaf, max_features (share of the features; null: square root). boosting: max_iter,
            learning_rate, max_leaf_nodes, min_samples_leaf, l2_regularization.
        seed: of everything random, 0 or more.
        threads: CPU threads; 0 leaves the choice to scikit-learn.

    Returns:
        The model, and its accuracy on the validation split.

    Raises:
        DataError: E520 to E524 broken data, E550 no table, E551 too few samples, E554 did not converge.
        UsageError: E960 an unknown hyperparameter, E961 a value out of range.
    """
    from milonga.components.training.tables import fit_estimator

    result = fit_estimator(data, estimator=estimator, hyperparameters=hyperparameters, seed=seed, threads=threads)
    model = TrainedModel.create("model")
    model.write_estimator(result.description, result.estimator)
    model.metadata["validation_accuracy"] = result.record.validation_accuracy
    return Trained(model, result.record.validation_accuracy)
