"""The component `tune`."""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional

from milonga.components.contracts.data_splits import DataSplits
from milonga.dsl import Artifact, Markdown, component


class Tuned(NamedTuple):
    """Outputs of `tune`.

    Attributes:
        hyperparameters: the best trial's values, name -> value, for `train(..., hyperparameters=...)`.
        validation_accuracy: of the best trial after `epochs` epochs, 0 to 1.
        study: all trials, their states and values, as JSON of format `milonga.study/1`.
        page: the same for a person.
    """

    hyperparameters: dict  # type: ignore[type-arg]
    validation_accuracy: float
    study: Artifact
    page: Markdown


@component(packages=["numpy>=1.26,<3", "torch>=2.6", "safetensors>=0.4", "optuna>=5,<6"], cpu="2", memory="4Gi")
def tune(
    data: DataSplits,
    *,
    family: Literal["resnet", "densenet"] = "resnet",
    level: int = 2,
    trials: int = 8,
    epochs: int = 4,
    seed: int = 0,
    space: Optional[dict] = None,  # type: ignore[type-arg]  # noqa: UP045 - as components and kfp spell it
    timeout_s: float = 0.0,
    threads: int = 0,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> Tuned:
    """Search the hyperparameters of `train` that give the highest validation accuracy.

    Trial 0 is always the default, or the point of the space nearest to it, so that the result is never worse than
    that by this search's own measure. A training that diverges is a failed trial. Every trial has the same seed. On
    the CPU and without a time limit the same arguments give the same result.

    Args:
        data: images of 8 x 8 pixels or more.
        family: of the network.
        level: size of the network, 1 to 5.
        trials: trainings, 1 or more.
        epochs: passes over the train split in each trial.
        seed: of the sampler and of each training, 0 or more.
        space: name -> `{kind, low, high, log, step, choices}`, kind float, int or categorical; None for learning rate,
            weight decay, label smoothing, batch size and augmentation.
        timeout_s: no trial starts after so many seconds; 0 for no limit. Trial 0 always runs.
        threads: CPU threads; 0 leaves the choice to torch.
        device: `auto` takes CUDA when there is one.

    Returns:
        The best values, their accuracy, and the whole study.

    Raises:
        DataError: E520 to E524 broken data, E550 no images, E551 too few samples, E552 images too small, E560 no trial
            completed.
        DeviceError: E690, CUDA was asked for and there is none.
        UsageError: E960 an unknown hyperparameter, E961 a value out of range, E962 a wrong search space.
    """
    from milonga.components.contracts.json_file import write_json
    from milonga.components.tuning.report import study_json, study_page
    from milonga.components.tuning.search import Search, search
    from milonga.components.tuning.space import parse_space

    parameters = parse_space(space)
    plan = Search(family, level, trials, epochs, seed=seed, timeout_s=timeout_s, threads=threads, device=device)
    outcome = search(data, parameters, plan)
    accuracy = outcome.best.validation_accuracy or 0.0

    study = Artifact.create_file("study")
    write_json(study.path, study_json(outcome, plan, parameters, dataset_digest=data.read().digest))
    study.metadata.update(trials=len(outcome.trials), best=outcome.best.number, validation_accuracy=accuracy)
    page = Markdown.create_file("page")
    page.write_text(study_page(outcome, plan, parameters))
    return Tuned(dict(outcome.best.hyperparameters), accuracy, study, page)
