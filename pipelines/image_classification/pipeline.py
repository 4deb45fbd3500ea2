"""The flagship: this data, that device, a network that runs there.

    ingest ─┬─ profile
            ├─ measure levels ── tune ── train ── compile ── evaluate ── deploy
    probe ──┘

The size of the network is not guessed: every level of the family is compiled and timed on the device first, and the
largest one that keeps the limits is tuned and trained. The form is not guessed either: the trained network is compiled
in each way that the device allows, and the fastest that keeps accuracy, size and latency is what gets evaluated and
deployed.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional

from milonga.components.contracts import CompiledModel, Deployment, Evaluation, LatencyTable, TrainedModel
from milonga.components.deployment import deploy
from milonga.components.device_compilation import compile_model, measure_levels
from milonga.components.device_profiling import probe_device
from milonga.components.evaluation import evaluate
from milonga.components.ingestion import ingest_images
from milonga.components.profiling import profile_data
from milonga.components.training import train
from milonga.components.tuning import tune
from milonga.dsl import HTML, pipeline


class Outcome(NamedTuple):
    """What the pipeline hands out.

    Attributes:
        deployment: folder to serve from, with manifest and example request.
        compiled: the network in its chosen form.
        trained: the network before compilation.
        evaluation: scores and gate of the compiled network on the test split.
        levels: measured latency of every level.
        candidates: measured latency of every compiled form.
        data_profile: what is in the data.
        accuracy: of the compiled network on the test split, 0 to 1.
        level: chosen size, 1 to 5.
        artefact: chosen compiled form.
        p50_ms: median time for one image on the device, milliseconds.
        p95_ms: 95th percentile of it.
    """

    deployment: Deployment
    compiled: CompiledModel
    trained: TrainedModel
    evaluation: Evaluation
    levels: LatencyTable
    candidates: LatencyTable
    data_profile: HTML
    accuracy: float
    level: int
    artefact: str
    p50_ms: float
    p95_ms: float


@pipeline
def image_classification(
    data: str,
    *,
    name: str = "classifier",
    height: int = 0,
    width: int = 0,
    device: str = "host",
    latency_p95_ms: Optional[float] = None,  # noqa: UP045 - one spelling in all signatures
    size_mib: Optional[float] = None,  # noqa: UP045
    accuracy_drop_max: Optional[float] = None,  # noqa: UP045
    accuracy_min: float = 0.9,
    family: Literal["resnet", "densenet"] = "resnet",
    trials: int = 4,
    tuning_epochs: int = 3,
    epochs: int = 12,
    threads: int = 0,
    seed: int = 0,
) -> Outcome:
    """Train, compile, measure and deploy an image classifier for one device.

    Args:
        data: folder with one sub-folder of images a class.
        name: name of the served model: lower-case letters, digits and hyphens.
        height: rows of pixels to scale every image to; 0 takes them as they are, all of one size.
        width: columns of pixels, likewise.
        device: "host" for this machine, or a declared profile (`milonga devices`).
        latency_p95_ms: limit for one image, 95th percentile, in milliseconds; None takes the device's own.
        size_mib: limit of the artefact's size in MiB; None takes the device's own.
        accuracy_drop_max: accuracy that compilation may cost, 0 to 1; None takes the device's own.
        accuracy_min: accuracy on the test split below which nothing is deployed, 0 to 1.
        family: family of networks to choose from.
        trials: hyperparameter trials.
        tuning_epochs: epochs of each trial.
        epochs: epochs of the final training.
        threads: CPU threads of training; 0 leaves the choice to torch, 1 is quickest for very small images.
        seed: of splits, search and training.
    """
    splits = ingest_images(data, height=height, width=width, seed=seed)
    described = profile_data(splits)
    target = probe_device(device, latency_p95_ms=latency_p95_ms, size_mib=size_mib, accuracy_drop_max=accuracy_drop_max)
    measured = measure_levels(splits, target, family=family)
    tuned = tune(
        splits,
        family=family,
        level=measured.level,
        trials=trials,
        epochs=tuning_epochs,
        threads=threads,
        seed=seed,
    )
    trained = train(
        splits,
        family=family,
        level=measured.level,
        epochs=epochs,
        hyperparameters=tuned.hyperparameters,
        threads=threads,
        seed=seed,
    )
    compiled = compile_model(trained.model, splits, target)
    evaluated = evaluate(compiled.model, splits, accuracy_min=accuracy_min)
    deployed = deploy(compiled.model, evaluated.report, splits, name=name)
    return Outcome(
        deployment=deployed,
        compiled=compiled.model,
        trained=trained.model,
        evaluation=evaluated.report,
        levels=measured.table,
        candidates=compiled.table,
        data_profile=described.page,
        accuracy=evaluated.accuracy,
        level=measured.level,
        artefact=compiled.artefact,
        p50_ms=compiled.p50_ms,
        p95_ms=compiled.p95_ms,
    )
