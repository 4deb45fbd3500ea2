"""Fits scikit-learn's estimators on tables. Knows no files."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.model_input import ModelInput
from milonga.components.contracts.trained_model import EpochRecord, ModelDescription
from milonga.components.training.samples import Samples, read_samples
from milonga.components.training.settings import ESTIMATOR_SETTINGS, Setting, resolve
from milonga.errors import DataError, MissingExtra, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class TableTraining:
    """A fitted estimator that is not written yet.

    Attributes:
        description: what `model.json` will say.
        estimator: takes raw features, float32 `[n, features]`.
        record: losses and accuracy.
    """

    description: ModelDescription
    estimator: Any
    record: EpochRecord


def fit_estimator(
    data: DataSplits,
    *,
    estimator: str,
    hyperparameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    threads: int = 0,
) -> TableTraining:
    """Fit an estimator on the table `data`; nothing is written. The same arguments give the same estimator.

    Raises:
        DataError: E550 (no table), E551 (too few samples), E554 (did not converge).
        UsageError: E960 (unknown hyperparameter), E961 (a wrong value, an unknown estimator, a negative seed or number
            of threads).
        MissingExtra: scikit-learn is not installed.
    """
    values = resolve(find_settings(estimator), hyperparameters or {})
    if seed < 0 or threads < 0:
        raise UsageError("E961", "seed and threads must be 0 or more", got=f"seed {seed}, threads {threads}")
    samples = read_samples(data, kind="table")
    unfitted = _estimator(estimator, values, seed=seed)
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    with threadpool_limits(threads or None):
        fitted = _fit(unfitted, samples, where=str(data.path))
        train_loss, _ = score(fitted, samples.train_x, samples.train_y)
        validation_loss, accuracy = score(fitted, samples.validation_x, samples.validation_y)
    record = EpochRecord(1, train_loss, validation_loss, accuracy)
    line = " ".join(f"{name}={value:.6g}" for name, value in asdict(record).items())
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    description = ModelDescription(
        framework="sklearn",
        family=estimator,
        level=None,
        input=ModelInput(kind="table", features=len(samples.description.features)),
        classes=samples.description.classes,
        mean=samples.mean,
        std=samples.std,
        parameter_count=_parameter_count(estimator, fitted),
        hyperparameters=dict(values),
        history=(record,),
        dataset_digest=samples.description.digest,
        seed=seed,
    )
    return TableTraining(description, fitted, record)


def find_settings(estimator: str) -> tuple[Setting, ...]:
    """The hyperparameters of `estimator`.

    Raises:
        UsageError: E961, there is no such estimator.
    """
    for name, settings in ESTIMATOR_SETTINGS:
        if name == estimator:
            return settings
    expected = "one of " + ", ".join(name for name, _ in ESTIMATOR_SETTINGS)
    raise UsageError("E961", "unknown estimator", got=repr(estimator), expected=expected)


def score(estimator: Any, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean cross-entropy in nats, probabilities clipped at 1e-7, and accuracy, 0 to 1; n must be above 0."""
    import numpy

    probabilities = estimator.predict_proba(x)
    chosen = numpy.clip(probabilities[numpy.arange(len(y)), y], 1e-7, 1.0)
    return float(-numpy.log(chosen).mean()), float((probabilities.argmax(axis=1) == y).mean())


def _fit(estimator: Any, samples: Samples, *, where: str) -> Any:
    import numpy
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return estimator.fit(numpy.array(samples.train_x), numpy.array(samples.train_y))
        except ConvergenceWarning as reason:
            got = str(reason).splitlines()[0]
            hint = "raise max_iter, or lower C"
            raise DataError("E554", "the training did not converge", where=where, got=got, hint=hint) from reason


def _estimator(name: str, values: dict[str, Any], *, seed: int) -> Any:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as reason:
        raise MissingExtra.of("scikit-learn", "data", "training on a table") from reason
    if name == "logistic":
        return Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression(random_state=seed, **values))])
    if name == "forest":
        features = "sqrt" if values["max_features"] is None else values["max_features"]
        return RandomForestClassifier(random_state=seed, n_jobs=1, **{**values, "max_features": features})
    # Early stopping would hold back samples of the train split; the validation split is there for judging.
    fixed: dict[str, Any] = {"random_state": seed, "early_stopping": False}
    return HistGradientBoostingClassifier(**fixed, **values)


def _parameter_count(name: str, estimator: Any) -> int:
    """Coefficients and intercepts, or nodes of all trees."""
    if name == "logistic":
        classifier = estimator.named_steps["classify"]
        return int(classifier.coef_.size + classifier.intercept_.size)
    if name == "forest":
        return sum(int(tree.tree_.node_count) for tree in estimator.estimators_)
    # scikit-learn has no public count of a boosted tree's nodes.
    return sum(len(tree.nodes) for stage in estimator._predictors for tree in stage)
