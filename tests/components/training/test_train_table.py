import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.training import train_table
from milonga.components.training.tables import score
from milonga.errors import DataError, UsageError

ESTIMATORS = ["logistic", pytest.param("forest", marks=pytest.mark.slow), "boosting"]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_each_estimator_learns_and_is_read_back_as_it_was(wine: DataSplits, estimator: str) -> None:
    model, accuracy = train_table(wine, estimator=estimator, threads=1)  # type: ignore[arg-type]
    description = model.read()
    assert (description.framework, description.family, description.level) == ("sklearn", estimator, None)
    assert description.input.features == 13
    assert description.classes == ("c0", "c1", "c2")
    restored = model.read_estimator()
    loss, measured = score(restored, *wine.load_split("validation"))
    assert measured == accuracy == description.history[0].validation_accuracy
    assert loss == pytest.approx(description.history[0].validation_loss)
    _, test_accuracy = score(restored, *wine.load_split("test"))
    assert test_accuracy >= 0.85


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_same_seed_gives_the_same_bytes(wine: DataSplits, estimator: str) -> None:
    models = [train_table(wine, estimator=estimator, seed=3, threads=1).model for _ in range(2)]  # type: ignore[arg-type]
    for name in ("model.json", "estimator.skops"):
        first, second = ((model.path / name).read_bytes() for model in models)
        assert first == second


def test_hyperparameters_reach_the_estimator(wine: DataSplits) -> None:
    given = {"n_estimators": 7.0, "max_depth": None, "max_features": 0.5}
    model, _ = train_table(wine, estimator="forest", hyperparameters=given)
    forest = model.read_estimator()
    assert len(forest.estimators_) == 7
    assert forest.max_features == 0.5
    assert model.read().parameter_count == sum(tree.tree_.node_count for tree in forest.estimators_)


def test_an_unknown_hyperparameter_is_refused_with_the_nearest_name(wine: DataSplits) -> None:
    with pytest.raises(UsageError, match="did you mean 'max_leaf_nodes'") as reason:
        train_table(wine, hyperparameters={"max_leaf_node": 3})
    assert reason.value.code == "E960"


def test_a_training_that_does_not_converge_is_an_error(wine: DataSplits) -> None:
    with pytest.raises(DataError, match="did not converge") as reason:
        train_table(wine, estimator="logistic", hyperparameters={"max_iter": 1})
    assert reason.value.code == "E554"


def test_images_are_refused_with_the_way_out(few_digits: DataSplits) -> None:
    with pytest.raises(DataError, match="use train for images") as reason:
        train_table(few_digits)
    assert reason.value.code == "E550"
