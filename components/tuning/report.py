"""What a search leaves behind: all of it as JSON, and a page for a person."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from milonga.components.tuning.search import Outcome, Search, Trial
from milonga.components.tuning.space import Parameter


def study_json(outcome: Outcome, plan: Search, space: tuple[Parameter, ...], *, dataset_digest: str) -> dict[str, Any]:
    """The JSON object of the study. It holds no times: the same search gives the same bytes."""
    return {
        "format": "milonga.study/1",
        "family": plan.family,
        "level": plan.level,
        "epochs": plan.epochs,
        "seed": plan.seed,
        "metric": "validation_accuracy",
        "direction": "maximize",
        "sampler": outcome.sampler,
        "stopped_by": outcome.stopped_by,
        "dataset_digest": dataset_digest,
        "space": [parameter.to_json() for parameter in space],
        "trials": [asdict(trial) for trial in outcome.trials],
        "best": outcome.best.number,
        "importances": outcome.importances,
    }


def study_page(outcome: Outcome, plan: Search, space: tuple[Parameter, ...]) -> str:
    """The study as Markdown: the result, all trials, and which hyperparameter mattered."""
    names = [parameter.name for parameter in space]
    best, first = outcome.best, outcome.trials[0]
    gain = "the default failed"
    if first.validation_accuracy is not None and best.validation_accuracy is not None:
        gain = f"{best.validation_accuracy - first.validation_accuracy:+.4f} against trial 0, the {first.origin}"
    lines = [
        f"# Tuning of {plan.family}, level {plan.level}",
        "",
        f"Best: trial {best.number}, validation accuracy {best.validation_accuracy:.4f} ({gain}).",
        f"{len(outcome.trials)} trials of {plan.epochs} epochs, sampler {outcome.sampler}, seed {plan.seed}, "
        f"ended by {outcome.stopped_by}.",
        "",
        "| " + " | ".join(["trial", "validation accuracy", *names, "remark"]) + " |",
        "|" + "---|" * (len(names) + 3),
        *(_row(trial, names, is_best=trial is best) for trial in outcome.trials),
        "",
    ]
    if outcome.importances is None:
        lines.append("Importances are not given: fewer than 20 trials completed, or their accuracies hardly differ.")
    else:
        lines += ["| hyperparameter | importance |", "|---|---|"]
        ranked = sorted(outcome.importances.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"| {name} | {value:.3f} |" for name, value in ranked]
    return "\n".join(lines) + "\n"


def _row(trial: Trial, names: list[str], *, is_best: bool) -> str:
    accuracy = "" if trial.validation_accuracy is None else f"{trial.validation_accuracy:.4f}"
    values = [trial.hyperparameters[name] for name in names]
    cells = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values]
    remark = ", ".join(
        text for text in ("best" if is_best else "", trial.origin, trial.reason) if text != "sampler" and text
    )
    number = f"**{trial.number}**" if is_best else str(trial.number)
    return "| " + " | ".join([number, accuracy, *cells, remark.replace("|", "/")]) + " |"
