"""Writes the deployment folder."""

from __future__ import annotations

import shutil
from typing import Any

from milonga.components.contracts.compiled_model import CompiledDescription, CompiledModel, file_sha256
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.deployment import Deployment, DeploymentDescription
from milonga.components.contracts.evaluation import Evaluation, EvaluationReport
from milonga.components.contracts.json_file import write_json
from milonga.components.contracts.model_input import INPUT_NAME
from milonga.components.deployment.inference_service import ServiceOptions, build_inference_service
from milonga.errors import DataError, ServingError

EXAMPLE = 0
"""Index in the test split of the sample that the request carries."""


def write_deployment(
    target: Deployment, model: CompiledModel, evaluation: Evaluation, data: DataSplits, *, options: ServiceOptions
) -> None:
    """Write the folder `target`, or nothing; errors as in the component `deploy`."""
    report = evaluation.read()
    compiled = model.read()
    _require_passed(report)
    _require_match(compiled, report, data)
    request, label = _request(data)
    digest = f"sha256:{file_sha256(model.onnx_path)}"
    threads = compiled.chosen_candidate.threads or 1
    manifest = build_inference_service(options, model_digest=digest, threads=threads)
    target.model_folder.mkdir()
    shutil.copyfile(model.path / "compiled.json", target.model_folder / "compiled.json")
    shutil.copyfile(model.onnx_path, target.model_folder / "model.onnx")
    write_json(target.request_path, request)
    target.manifest_path.write_text(_yaml(manifest), encoding="utf-8")
    target.write(
        DeploymentDescription(
            name=options.name,
            model_digest=digest,
            classes=compiled.classes,
            input=compiled.input,
            example_index=EXAMPLE,
            example_class=compiled.classes[label],
        )
    )


def _require_passed(report: EvaluationReport) -> None:
    failed = [check for check in report.checks if not check.passed]
    if failed:
        raise ServingError(
            "E701",
            "the gate of the evaluation did not pass, so this model is not deployed",
            got=", ".join(f"{check.name} {check.value:.6g}" for check in failed),
            expected=", ".join(f"{check.name} {check.limit:.6g}" for check in failed),
            hint="train a better model, or change the gate where the evaluation is made",
        )


def _require_match(compiled: CompiledDescription, report: EvaluationReport, data: DataSplits) -> None:
    description = data.read()
    for what, classes in (("evaluation", report.classes), ("data set", description.classes)):
        if classes != compiled.classes:
            message = f"the {what} is about other classes than the model"
            raise ServingError("E702", message, got=", ".join(classes), expected=", ".join(compiled.classes))
    height_first = description.sample_shape
    stored = (height_first[2], *height_first[:2]) if len(height_first) == 3 else height_first
    if stored != compiled.input.sample_shape:
        message = "the samples of the data set are of another shape than the model takes"
        raise ServingError("E702", message, got=str(stored), expected=str(compiled.input.sample_shape))


def _request(data: DataSplits) -> tuple[dict[str, Any], int]:
    """An Open Inference Protocol v2 request with one test sample, and the index of its true class."""
    import numpy as np

    stored, labels = data.load_split("test")
    if len(stored) <= EXAMPLE:
        raise DataError("E526", "the test split is empty", where=str(data.path), expected="test samples")
    sample = np.asarray(stored[EXAMPLE : EXAMPLE + 1])
    if sample.dtype == np.uint8:
        sample = sample.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    values = [float(value) for value in sample.ravel()]
    tensor = {"name": INPUT_NAME, "shape": list(sample.shape), "datatype": "FP32", "data": values}
    return {"inputs": [tensor]}, int(labels[EXAMPLE])


def _yaml(value: Any) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, default_flow_style=False, allow_unicode=True)
    return text
