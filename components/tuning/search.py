"""Runs the search with Optuna: seeded, in memory, quiet. Trial 0 is always the default hyperparameters."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any, Literal

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.training.impl import DeviceChoice, train_network
from milonga.components.training.networks import find_plan
from milonga.components.training.networks.cost import measure
from milonga.components.training.settings import NETWORK_SETTINGS, NetworkHyperparameters, Value, find_setting
from milonga.components.tuning.sampling import (
    SamplerName,
    choose_sampler,
    importances,
    load_optuna,
    make_sampler,
    quiet,
    suggest,
)
from milonga.components.tuning.space import Parameter
from milonga.errors import DataError, UsageError

DIVERGED = "E553"
"""The one failure of a training that says something about its hyperparameters, and not about data or machine."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One training of the search.

    Attributes:
        number: counted from 0.
        origin: `default`; `nearest-to-default`, where the space leaves a default out; or `sampler`.
        state: `completed` or `failed`.
        hyperparameters: name -> value, of the searched ones.
        validation_accuracy: of the best epoch, 0 to 1; None when it failed.
        validation_loss: of the same epoch, in nats; None when it failed.
        reason: why it failed, else "".
    """

    number: int
    origin: Literal["default", "nearest-to-default", "sampler"]
    state: Literal["completed", "failed"]
    hyperparameters: dict[str, Value]
    validation_accuracy: float | None = None
    validation_loss: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What all trials train, and how they are chosen.

    Attributes:
        family: of the network.
        level: of the network, 1 to 5.
        trials: at most so many, 1 or more.
        epochs: of each trial.
        seed: of the sampler and of each training, so that trials differ by their hyperparameters alone.
        timeout_s: no trial starts after so many seconds; 0 for no limit. Trial 0 always runs.
        threads: CPU threads of a training; 0 leaves torch's own choice.
        device: where to train.
        sampler: `auto` chooses by `choose_sampler`.
    """

    family: str
    level: int
    trials: int
    epochs: int
    seed: int = 0
    timeout_s: float = 0.0
    threads: int = 0
    device: DeviceChoice = "auto"
    sampler: Literal["auto", "tpe", "gp"] = "auto"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a search.

    Attributes:
        trials: in order.
        best: the trial of highest validation accuracy, then lowest validation loss, then lowest number.
        sampler: `tpe` or `gp`.
        stopped_by: `trials` or `timeout`.
        importances: name -> share of the accuracy's variation, sum 1; None where too few trials can tell.
    """

    trials: tuple[Trial, ...]
    best: Trial
    sampler: SamplerName
    stopped_by: Literal["trials", "timeout"]
    importances: dict[str, float] | None


def search(data: DataSplits, space: tuple[Parameter, ...], plan: Search) -> Outcome:
    """Train `plan.trials` times with different hyperparameters out of `space`. Nothing is written.

    There is no pruning: on runs as short as these the first epochs do not yet tell which run will win.

    Raises:
        DataError: E560, no trial completed; those of `train_network`, but for a training that diverged, which is a
            failed trial.
        UsageError: E961, a number of trials, a time limit or a seed out of range.
        MissingExtra: optuna is not installed.
    """
    if plan.trials < 1 or not plan.timeout_s >= 0 or plan.seed < 0:
        got = f"trials {plan.trials}, timeout_s {plan.timeout_s}, seed {plan.seed}"
        raise UsageError("E961", "trials must be 1 or more, timeout_s and seed 0 or more", got=got)
    optuna = load_optuna()
    kind = plan.sampler
    if kind == "auto":
        kind = choose_sampler(trials=plan.trials, work=training_work(data, plan))
    trials: list[Trial] = []
    stopped_by: Literal["trials", "timeout"] = "trials"
    started = time.monotonic()
    with quiet(optuna):
        study = optuna.create_study(
            direction="maximize",
            sampler=make_sampler(optuna, kind, trials=plan.trials, seed=plan.seed),
            pruner=optuna.pruners.NopPruner(),
        )
        first = {parameter.name: parameter.nearest(_default(parameter.name)) for parameter in space}
        study.enqueue_trial(first)
        for number in range(plan.trials):
            if number and plan.timeout_s and time.monotonic() - started > plan.timeout_s:
                stopped_by = "timeout"
                break
            asked = study.ask()
            values = {parameter.name: suggest(asked, parameter) for parameter in space}
            trial = _run(data, plan, number, values)
            trials.append(trial)
            if trial.state == "completed":
                study.tell(asked, trial.validation_accuracy)
            else:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
        completed = [trial for trial in trials if trial.state == "completed"]
        if not completed:
            got = f"{len(trials)} failed, the first because: {trials[0].reason}"
            hint = "search lower learning rates"
            raise DataError("E560", "no trial of the search completed", where=str(data.path), got=got, hint=hint)
        found = importances(optuna, study, space)
    return Outcome(tuple(trials), min(completed, key=_rank), kind, stopped_by, found)


def training_work(data: DataSplits, plan: Search) -> int:
    """Multiply-accumulates of one training of `plan`: a backward pass costs about two forward ones. 0 for a table."""
    description = data.read()
    image = description.image
    if image is None:
        return 0
    cost = measure(
        find_plan(plan.family, plan.level),
        channels=image.channels,
        classes=len(description.classes),
        height=image.height,
        width=image.width,
    )
    return 3 * cost.multiply_accumulates * description.splits["train"] * plan.epochs


def _run(data: DataSplits, plan: Search, number: int, values: dict[str, Value]) -> Trial:
    origin: Literal["default", "nearest-to-default", "sampler"] = "sampler"
    if number == 0:
        is_default = all(value == _default(name) for name, value in values.items())
        origin = "default" if is_default else "nearest-to-default"
    started = time.monotonic()
    try:
        result = train_network(
            data,
            family=plan.family,
            level=plan.level,
            hyperparameters=NetworkHyperparameters.of({"epochs": plan.epochs}, values),
            seed=plan.seed,
            threads=plan.threads,
            device=plan.device,
            log=False,
        )
    except DataError as reason:
        if reason.code != DIVERGED:
            raise
        trial = Trial(number, origin, "failed", values, reason=f"{reason.message}, {reason.where}")
    else:
        best = result.best
        trial = Trial(number, origin, "completed", values, best.validation_accuracy, best.validation_loss)
    _log(trial, seconds=time.monotonic() - started)
    return trial


def _default(name: str) -> Value:
    return find_setting(NETWORK_SETTINGS, name).default


def _rank(trial: Trial) -> tuple[float, float, int]:
    return (-(trial.validation_accuracy or 0.0), trial.validation_loss or 0.0, trial.number)


def _log(trial: Trial, *, seconds: float) -> None:
    fields: dict[str, Any] = {"trial": trial.number, "state": trial.state}
    if trial.validation_accuracy is not None:
        fields["validation_accuracy"] = f"{trial.validation_accuracy:.6g}"
    fields |= {
        name: f"{value:.6g}" if isinstance(value, float) else value for name, value in trial.hyperparameters.items()
    }
    sys.stdout.write(" ".join(f"{name}={value}" for name, value in fields.items()) + f" seconds={seconds:.1f}\n")
    sys.stdout.flush()
