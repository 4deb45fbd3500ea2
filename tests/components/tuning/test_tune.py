import json
from typing import Any

import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.training import train
from milonga.components.tuning import Tuned, tune
from milonga.components.tuning.sampling import choose_sampler
from milonga.components.tuning.search import Search, search, training_work
from milonga.components.tuning.space import parse_space
from milonga.errors import DataError, UsageError


def rate(low: float, high: float) -> dict[str, Any]:
    return {"learning_rate": {"kind": "float", "low": low, "high": high, "log": True}}


@pytest.fixture(scope="module")
def tuned(few_digits: DataSplits) -> Tuned:
    return tune(few_digits, level=1, trials=6, epochs=8, threads=1)


@pytest.mark.slow
def test_trial_0_is_the_default_and_the_result_is_not_worse(few_digits: DataSplits, tuned: Tuned) -> None:
    first = tuned.study.read_json()["trials"][0]
    assert first["origin"] == "default"
    assert first["hyperparameters"] == {
        "augment": "shift",
        "batch_size": 64,
        "label_smoothing": 0.05,
        "learning_rate": 0.003,
        "weight_decay": 0.01,
    }
    _, default_accuracy = train(few_digits, level=1, epochs=8, threads=1)
    assert first["validation_accuracy"] == default_accuracy
    assert tuned.validation_accuracy >= default_accuracy


def test_training_with_the_result_gives_the_accuracy_that_was_promised(few_digits: DataSplits, tuned: Tuned) -> None:
    _, accuracy = train(few_digits, level=1, epochs=8, threads=1, hyperparameters=tuned.hyperparameters)
    assert accuracy == tuned.validation_accuracy


def test_the_study_holds_all_trials_and_the_best_is_the_best(few_digits: DataSplits, tuned: Tuned) -> None:
    study = tuned.study.read_json()
    assert study["format"] == "milonga.study/1"
    assert study["dataset_digest"] == few_digits.read().digest
    assert [trial["number"] for trial in study["trials"]] == list(range(6))
    assert len({json.dumps(trial["hyperparameters"]) for trial in study["trials"]}) == 6
    accuracies = [trial["validation_accuracy"] for trial in study["trials"]]
    assert len(set(accuracies)) > 2, "equal trials would test nothing"
    best = study["trials"][study["best"]]
    assert best["hyperparameters"] == tuned.hyperparameters
    assert best["validation_accuracy"] == max(accuracies) > accuracies[0]


def test_the_page_shows_every_trial(tuned: Tuned) -> None:
    page = tuned.page.read_text()
    assert f"validation accuracy {tuned.validation_accuracy:.4f}" in page
    assert page.count("\n| ") >= 6 + 1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_study(few_digits: DataSplits, tuned: Tuned) -> None:
    again = tune(few_digits, level=1, trials=6, epochs=8, threads=1)
    assert again.study.read_text() == tuned.study.read_text()
    assert again.page.read_text() == tuned.page.read_text()


def test_values_stay_inside_the_space_and_a_default_outside_is_said(few_digits: DataSplits) -> None:
    space = {"batch_size": {"kind": "int", "low": 8, "high": 24, "step": 8}, **rate(0.01, 0.1)}
    study = tune(few_digits, level=1, trials=3, epochs=1, space=space, threads=1).study.read_json()
    assert study["trials"][0]["origin"] == "nearest-to-default"
    assert study["trials"][0]["hyperparameters"] == {"batch_size": 24, "learning_rate": 0.01}
    for trial in study["trials"]:
        assert trial["hyperparameters"]["batch_size"] in (8, 16, 24)
        assert 0.01 <= trial["hyperparameters"]["learning_rate"] <= 0.1


@pytest.mark.slow
def test_a_trial_that_diverges_is_a_failed_trial(few_digits: DataSplits) -> None:
    # AdamW multiplies the weights by 1 - 10 x 10 in each step.
    space = {
        "learning_rate": {"kind": "categorical", "choices": [0.003, 10.0]},
        "weight_decay": {"kind": "categorical", "choices": [0.01, 10.0]},
        "batch_size": {"kind": "categorical", "choices": [64, 8]},
    }
    outcome = search(few_digits, parse_space(space), Search("resnet", 1, trials=6, epochs=5, seed=1, threads=1))
    failed = [trial for trial in outcome.trials if trial.state == "failed"]
    assert failed
    assert all("diverged" in trial.reason and trial.validation_accuracy is None for trial in failed)
    assert outcome.best.state == "completed"


def test_a_search_without_a_completed_trial_is_an_error(few_digits: DataSplits) -> None:
    space = {
        "learning_rate": {"kind": "float", "low": 9.0, "high": 10.0},
        "weight_decay": {"kind": "float", "low": 9.0, "high": 10.0},
        "batch_size": {"kind": "int", "low": 8, "high": 9},
    }
    with pytest.raises(DataError, match="no trial") as reason:
        tune(few_digits, level=1, trials=2, epochs=5, space=space, threads=1)
    assert reason.value.code == "E560"


def test_no_trial_starts_after_the_time_limit_but_the_first_always_runs(few_digits: DataSplits) -> None:
    study = tune(few_digits, level=1, trials=50, epochs=1, timeout_s=1e-6, threads=1).study.read_json()
    assert len(study["trials"]) == 1
    assert study["stopped_by"] == "timeout"


def test_a_few_trials_tell_no_importances(tuned: Tuned) -> None:
    assert tuned.study.read_json()["importances"] is None
    assert "Importances are not given" in tuned.page.read_text()


@pytest.mark.slow
def test_importances_name_the_hyperparameter_that_matters(few_digits: DataSplits) -> None:
    space = {**rate(1e-6, 1e-1), "weight_decay": {"kind": "float", "low": 1e-4, "high": 1e-3}}
    tuned = tune(few_digits, level=1, trials=20, epochs=8, space=space, threads=1)
    importances = tuned.study.read_json()["importances"]
    assert sum(importances.values()) == pytest.approx(1.0, abs=1e-4)
    assert importances["learning_rate"] > 0.6
    assert "| learning_rate | 0." in tuned.page.read_text()


def test_the_gaussian_process_is_chosen_where_a_training_costs_more_than_it() -> None:
    assert choose_sampler(trials=40, work=10**9) == "tpe"
    assert choose_sampler(trials=40, work=10**11) == "gp"
    assert choose_sampler(trials=8, work=10**11) == "tpe"
    assert choose_sampler(trials=151, work=10**11) == "tpe"


def test_the_cost_of_a_training_is_counted_from_its_arguments(few_digits: DataSplits) -> None:
    one = training_work(few_digits, Search("resnet", 1, trials=20, epochs=1))
    # 0.136 million multiply-accumulates an image, forward and backward.
    assert one == pytest.approx(3 * 0.136e6 * few_digits.read().splits["train"], rel=0.01)
    assert training_work(few_digits, Search("resnet", 1, trials=20, epochs=7)) == 7 * one


@pytest.mark.slow
def test_the_gaussian_process_searches_a_mixed_space_and_is_seeded(few_digits: DataSplits) -> None:
    plan = Search("resnet", 1, trials=7, epochs=1, threads=1, sampler="gp")
    first, second = (search(few_digits, parse_space(None), plan) for _ in range(2))
    assert first == second
    assert first.sampler == "gp"


def test_it_logs_one_line_a_trial_and_nothing_else(few_digits: DataSplits, capfd: pytest.CaptureFixture[str]) -> None:
    tune(few_digits, level=1, trials=2, epochs=1, threads=1)
    captured = capfd.readouterr()
    assert [line.split()[0] for line in captured.out.splitlines()] == ["trial=0", "trial=1"]
    assert captured.err == ""


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"timeout_s": -1.0}, {"timeout_s": float("nan")}, {"seed": -1}])
def test_a_wrong_argument_is_refused(few_digits: DataSplits, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as reason:
        tune(few_digits, **wrong)
    assert reason.value.code == "E961"


def test_an_error_that_no_hyperparameter_causes_is_not_a_failed_trial(tmp_path: Any) -> None:
    with pytest.raises(DataError) as reason:
        tune(DataSplits.at(tmp_path / "absent"))
    assert reason.value.code == "E500"
