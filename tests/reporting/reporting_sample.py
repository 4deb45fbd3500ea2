"""A run as the engine records it, with the files that its steps made: what the tests and a look in a browser use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Graph
from milonga.lineage.records import ArtifactRecord, RunRecord, TaskRecord

START = 1_760_000_000.0
ARTIFACTS = {
    "DataSplits": "Dataset",
    "TrainedModel": "Model",
    "CompiledModel": "Model",
    "DeviceProfile": "Artifact",
    "LatencyTable": "Artifact",
    "Evaluation": "Metrics",
    "Deployment": "Artifact",
}
PARAMETERS = {"int": "NUMBER_INTEGER", "float": "NUMBER_DOUBLE", "str": "STRING", "bool": "BOOLEAN", "list": "LIST"}


def border(entries: Mapping[str, str]) -> dict[str, Any]:
    """Input or output definitions: name -> "int" or the name of an artifact class."""
    made: dict[str, Any] = {}
    for name, kind in entries.items():
        if kind in PARAMETERS:
            made.setdefault("parameters", {})[name] = {"parameterType": PARAMETERS[kind]}
        else:
            title = f"system.{ARTIFACTS.get(kind, kind)}"
            entry: dict[str, Any] = {"artifactType": {"schemaTitle": title, "schemaVersion": "0.0.1"}}
            if kind in ARTIFACTS:
                entry["metadata"] = {"milonga_type": kind}
            made.setdefault("artifacts", {})[name] = entry
    return made


def without_metadata(definitions: dict[str, Any]) -> dict[str, Any]:
    """Inputs carry no metadata."""
    for entry in definitions.get("artifacts", {}).values():
        entry.pop("metadata", None)
    return definitions


def step(takes: Mapping[str, str], makes: Mapping[str, str], label: str = "exec-step") -> dict[str, Any]:
    """A component with an executor."""
    return {
        "inputDefinitions": without_metadata(border(takes)),
        "outputDefinitions": border(makes),
        "executorLabel": label,
    }


def group(
    tasks: Mapping[str, Any], takes: Mapping[str, str], outputs: Mapping[str, Any] | None = None, makes: Any = None
) -> dict[str, Any]:
    """A component with tasks inside."""
    component: dict[str, Any] = {"inputDefinitions": without_metadata(border(takes)), "dag": {"tasks": dict(tasks)}}
    if outputs:
        component["dag"]["outputs"] = outputs
        component["outputDefinitions"] = border(makes)
    return component


def task(component: str, *, after: Sequence[str] = (), extra: Any = None, **inputs: str) -> dict[str, Any]:
    """A task; an input is "task.output" (parameter), "task:output" (artifact), "^name" or "^^name" (the DAG's own)."""
    parameters: dict[str, Any] = {}
    artifacts: dict[str, Any] = {}
    for name, source in inputs.items():
        if source.startswith("^^"):
            artifacts[name] = {"componentInputArtifact": source[2:]}
        elif source.startswith("^"):
            parameters[name] = {"componentInputParameter": source[1:]}
        elif ":" in source:
            producer, key = source.split(":")
            artifacts[name] = {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": key}}
        elif "." in source:
            producer, key = source.split(".")
            parameters[name] = {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": key}}
        else:
            parameters[name] = {"runtimeValue": {"constant": source}}
    value: dict[str, Any] = {"componentRef": {"name": component}, "inputs": {}}
    if parameters:
        value["inputs"]["parameters"] = parameters
    if artifacts:
        value["inputs"]["artifacts"] = artifacts
    if after:
        value["dependentTasks"] = list(after)
    return {**value, **(extra or {})}


def graph_of(
    components: Mapping[str, Any],
    tasks: Mapping[str, Any],
    *,
    inputs: Any = None,
    outputs: Any = None,
    makes: Any = None,
) -> Graph:
    """A graph of these components and root tasks."""
    root: dict[str, Any] = {"dag": {"tasks": dict(tasks)}}
    if inputs:
        root["inputDefinitions"] = inputs
    if outputs:
        root["dag"]["outputs"] = outputs
        root["outputDefinitions"] = border(makes)
    return Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "retrain-digits"},
                "root": root,
                "schemaVersion": "2.1.0",
                "components": components,
            },
        )
    )


def retrain_graph() -> Graph:
    """Ingest, measure, train three seeds in a loop, compile, evaluate, deploy if the gate passes, say so at the end."""
    seed_loop = {
        "parameterIterator": {"items": {"raw": "[0, 1, 2]"}, "itemInput": "seed"},
        "iteratorPolicy": {"parallelismLimit": 2},
    }
    condition = {"triggerPolicy": {"condition": "inputs.parameter_values['pipelinechannel--evaluate-passed'] == true"}}
    components = {
        "comp-ingest": step({"source": "str", "seed": "int"}, {"data": "DataSplits"}),
        "comp-profile": step({"data": "Dataset"}, {"page": "HTML", "statistics": "Artifact"}),
        "comp-probe": step({"device": "str", "latency_p95_ms": "float"}, {"device": "DeviceProfile"}),
        "comp-levels": step(
            {"data": "Dataset", "device": "Artifact"},
            {"table": "LatencyTable", "level": "int", "fastest_p95_ms": "float"},
        ),
        "comp-train": step(
            {"data": "Dataset", "level": "int", "epochs": "int", "seed": "int"}, {"model": "TrainedModel"}
        ),
        "comp-score": step({"model": "Model"}, {"metrics": "Metrics", "notes": "Markdown"}),
        "comp-loop": group(
            {
                "train": task("comp-train", data="^^data", level="^level", epochs="^epochs", seed="^seed"),
                "score": task("comp-score", model="train:model"),
            },
            {"data": "Dataset", "level": "int", "epochs": "int"},
            {
                "artifacts": {
                    "models": {"artifactSelectors": [{"producerSubtask": "train", "outputArtifactKey": "model"}]}
                }
            },
            {"models": "TrainedModel"},
        ),
        "comp-pick": step({"models": "Model"}, {"model": "TrainedModel"}),
        "comp-compile": step(
            {"model": "Model", "data": "Dataset", "device": "Artifact"},
            {"model": "CompiledModel", "table": "LatencyTable", "artefact": "str", "p95_ms": "float"},
        ),
        "comp-evaluate": step(
            {"model": "Model", "data": "Dataset", "accuracy_min": "float"},
            {"report": "Evaluation", "confusion": "ClassificationMetrics", "accuracy": "float", "passed": "bool"},
        ),
        "comp-deploy": step({"model": "Model"}, {"deployment": "Deployment"}),
        "comp-if": group({"deploy": task("comp-deploy", model="^^model")}, {"model": "Model"}),
        "comp-notify": step({"message": "str"}, {}),
    }
    tasks = {
        "ingest": task("comp-ingest", source="^source", seed="^seed"),
        "profile": task("comp-profile", data="ingest:data"),
        "probe-device": task("comp-probe", device="host", latency_p95_ms="^latency_p95_ms"),
        "measure-levels": task("comp-levels", data="ingest:data", device="probe-device:device"),
        "for-loop-1": task(
            "comp-loop", data="ingest:data", level="measure-levels.level", epochs="^epochs", extra=seed_loop
        ),
        "pick-best": task("comp-pick", models="for-loop-1:models"),
        "compile-model": task(
            "comp-compile", model="pick-best:model", data="ingest:data", device="probe-device:device"
        ),
        "evaluate": task(
            "comp-evaluate", model="compile-model:model", data="ingest:data", accuracy_min="^accuracy_min"
        ),
        "condition-2": task(
            "comp-if",
            model="compile-model:model",
            extra=condition,
            **{"pipelinechannel--evaluate-passed": "evaluate.passed"},
        ),
        "notify": task("comp-notify", message="done", after=["condition-2", "profile"]),
    }
    inputs = border(
        {"source": "str", "seed": "int", "epochs": "int", "latency_p95_ms": "float", "accuracy_min": "float"}
    )
    for name, value in (
        ("source", "digits"),
        ("seed", 0),
        ("epochs", 10),
        ("latency_p95_ms", 2.0),
        ("accuracy_min", 0.95),
    ):
        inputs["parameters"][name]["defaultValue"] = value
    artifact = {"producerSubtask": "compile-model", "outputArtifactKey": "model"}
    parameter = {"producerSubtask": "evaluate", "outputParameterKey": "accuracy"}
    outputs = {
        "artifacts": {"model": {"artifactSelectors": [artifact]}},
        "parameters": {"accuracy": {"valueFromParameter": parameter}},
    }
    return graph_of(
        components, tasks, inputs=inputs, outputs=outputs, makes={"model": "CompiledModel", "accuracy": "float"}
    )


class Store:
    """Writes artifact content below a state folder, as the engine's store would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._made = 0

    def add(self, name: str, kind: str, content: str, *, member: str = "", metadata: Any = None) -> ArtifactRecord:
        """One artifact: a file, or a folder with one file in it."""
        self._made += 1
        digest = f"{self._made * 2654435761 % 2**32:08x}" * 8
        path = self.home / "store" / digest[:2] / digest[2:] / name
        path.parent.mkdir(parents=True)
        if member:
            path.mkdir()
            (path / member).write_text(content, encoding="utf-8")
        else:
            path.write_text(content, encoding="utf-8")
        own = {"milonga_type": kind} if kind in ARTIFACTS else {}
        title = f"system.{ARTIFACTS.get(kind, kind)}"
        return ArtifactRecord(name, title, str(path), digest, len(content) * 97, {**(metadata or {}), **own})


CLASSES = ("zero", "one", "two", "three", "four")
MATRIX = [[71, 0, 1, 0, 0], [0, 66, 0, 2, 1], [1, 0, 70, 1, 0], [0, 1, 3, 64, 0], [0, 2, 0, 0, 69]]


def latency_table(*, levels: Sequence[int] = (1, 2, 3)) -> str:
    """A `LatencyTable`."""
    rows = []
    for level, parameters, times in ((1, 19_402, (0.31, 0.22)), (2, 77_850, (0.74, 0.49)), (3, 309_700, (2.91, 1.64))):
        for artefact, p50 in zip(("onnxruntime-fp32", "onnxruntime-int8"), times, strict=True):
            rows.append(
                {
                    "family": "resnet",
                    "level": level,
                    "artefact": artefact,
                    "status": "measured",
                    "reason": "",
                    "parameter_count": parameters,
                    "size_bytes": parameters * (4 if artefact.endswith("32") else 1),
                    "p50_ms": p50,
                    "p95_ms": round(p50 * 1.18, 4),
                    "samples": 400,
                    "threads": 1,
                }
            )
    rows = [row for row in rows if row["level"] in levels]
    rows.append(
        {
            **rows[-1],
            "level": 4,
            "status": "refused",
            "reason": "ConvInteger is not implemented",
            "p50_ms": None,
            "p95_ms": None,
        }
    )
    return json.dumps({"format": "milonga.latency/1", "device": "host", "candidates": rows})


def compiled_model() -> str:
    """A `compiled.json`."""
    measured = {"status": "measured", "reason": "", "samples": 400, "threads": 1}
    fp32 = {
        "artefact": "onnxruntime-fp32",
        "size_bytes": 1_238_800,
        "p50_ms": 2.91,
        "p95_ms": 3.43,
        "parity_max_relative_error": 3.1e-07,
        "top1_agreement": 1.0,
        "validation_accuracy": 0.9722,
        "accuracy_drop": 0.0,
    }
    int8 = {
        **fp32,
        "artefact": "onnxruntime-int8",
        "size_bytes": 331_200,
        "p50_ms": 1.64,
        "p95_ms": 1.93,
        "parity_max_relative_error": 0.0173,
        "top1_agreement": 0.9917,
        "validation_accuracy": 0.9694,
        "accuracy_drop": 0.0028,
    }
    failed = {"artefact": "onnxruntime-fp16", "status": "failed", "reason": "the CPU provider has no fp16 Conv"}
    return json.dumps(
        {
            "format": "milonga.compiled/1",
            "device": "host",
            "chosen": "onnxruntime-int8",
            "family": "resnet",
            "level": 3,
            "classes": list(CLASSES),
            "limits": {"latency_p95_ms": 2.0, "size_mib": 4, "accuracy_drop_max": 0.01},
            "candidates": [{**measured, **fp32}, {**measured, **int8}, failed],
            "runtime_versions": {"onnxruntime": "1.20.1", "onnx": "1.17.0"},
            "calibration": {"split": "train", "samples": 256, "digest": "5f" * 32},
            "opset": 18,
        }
    )


def evaluation(*, passed: bool = True) -> str:
    """An `Evaluation`."""
    scores = [
        {
            "name": name,
            "precision": 0.97 + 0.004 * i,
            "recall": 0.96 + 0.006 * i,
            "f1": 0.965 + 0.005 * i,
            "support": 70 + i,
        }
        for i, name in enumerate(CLASSES)
    ]
    checks = [
        {"name": "accuracy_min", "value": 0.9659, "limit": 0.95, "passed": True},
        {"name": "drop_max", "value": -0.004, "limit": 0.0, "passed": passed},
    ]
    return json.dumps(
        {
            "format": "milonga.evaluation/1",
            "split": "test",
            "samples": 352,
            "accuracy": 0.9659,
            "macro_f1": 0.9655,
            "log_loss": 0.1187,
            "per_class": scores,
            "confusion_matrix": MATRIX,
            "classes": list(CLASSES),
            "gate": {"passed": passed, "checks": checks},
        }
    )


def trained_model(seed: int) -> str:
    """A `model.json`."""
    history = [
        {
            "epoch": epoch,
            "train_loss": 1.9 / epoch,
            "validation_loss": 1.7 / epoch + 0.05,
            "validation_accuracy": round(0.975 - 0.5 / (epoch + seed / 3), 4),
        }
        for epoch in range(1, 11)
    ]
    return json.dumps(
        {
            "format": "milonga.model/1",
            "framework": "torch",
            "family": "resnet",
            "level": 3,
            "classes": list(CLASSES),
            "parameter_count": 309_700,
            "hyperparameters": {"learning_rate": 0.003, "batch_size": 64},
            "history": history,
        }
    )


PAGE = "<html><body style='font-family:sans-serif'><h2>Data</h2><p>1797 samples, 5 classes.</p></body></html>"


def retrain_run(home: Path, *, fails: bool = False) -> tuple[RunRecord, list[TaskRecord], Graph, Path]:
    """The run of `retrain_graph` below `home`; with `fails`, compilation fails and the rest does not run."""
    store, run_id = Store(home), "20251009-085320-a1b2c3"
    folder = home / "runs" / run_id
    folder.mkdir(parents=True)
    tasks: list[TaskRecord] = []

    def record(path: str, begin: float, took: float, **details: Any) -> TaskRecord:
        is_step = details.get("kind", "step") == "step"
        values: dict[str, Any] = {
            "run_id": run_id,
            "path": path,
            "state": "SUCCEEDED",
            "component": f"comp-{path}",
            "attempts": 1 if is_step else 0,
            "started_at": START + begin,
            "ended_at": START + begin + took,
            "cpu_s": took * 1.4 if is_step else 0.0,
            "peak_memory_bytes": int(90e6 + took * 4e7) if is_step else 0,
            "key": f"{len(tasks):064x}" if is_step else "",
            "log": f"tasks/{path}/attempt-1/log.txt" if is_step else "",
            **details,
        }
        tasks.append(TaskRecord(**values))
        return tasks[-1]

    data = store.add("data", "DataSplits", '{"format": "milonga.dataset/1"}', member="dataset.json")
    device_text = json.dumps({"format": "milonga.device/1", "limits": {"latency_p95_ms": 2.0, "size_mib": 4}})
    device = store.add("device", "DeviceProfile", device_text)
    page = store.add("page", "HTML", PAGE)
    table = store.add("table", "LatencyTable", latency_table())
    record(
        "ingest",
        0,
        4.2,
        cached=True,
        attempts=0,
        inputs={"source": "digits", "seed": 0},
        output_artifacts={"data": data},
    )
    record("profile", 4.3, 2.6, input_artifacts={"data": data}, output_artifacts={"page": page})
    record(
        "probe-device", 0.1, 0.8, inputs={"device": "host", "latency_p95_ms": 2.0}, output_artifacts={"device": device}
    )
    record(
        "measure-levels",
        4.4,
        21.0,
        input_artifacts={"data": data, "device": device},
        outputs={"level": 3, "fastest_p95_ms": 1.9352},
        output_artifacts={"table": table},
    )
    models = []
    for seed in range(3):
        begin = 26 + 44 * (seed // 2)
        models.append(
            store.add(
                "model",
                "TrainedModel",
                trained_model(seed),
                member="model.json",
                metadata={"validation_accuracy": 0.97},
            )
        )
        metrics = store.add(
            "metrics", "Metrics", "{}", metadata={"validation_accuracy": 0.966 + seed / 500, "epochs": 10}
        )
        notes = store.add("notes", "Markdown", f"# Seed {seed}\n\n* converged after 8 epochs\n")
        record(
            f"for-loop-1[{seed}]/train",
            begin,
            38.5 + seed,
            inputs={"level": 3, "epochs": 10, "seed": seed},
            input_artifacts={"data": data},
            output_artifacts={"model": models[-1]},
            attempts=2 if seed == 1 else 1,
        )
        record(
            f"for-loop-1[{seed}]/score",
            begin + 40,
            1.5,
            input_artifacts={"model": models[-1]},
            output_artifacts={"metrics": metrics, "notes": notes},
        )
    record("for-loop-1", 25.5, 88, kind="group", iterations=3, output_artifacts={"models": tuple(models)})
    record("pick-best", 114, 0.7, input_artifacts={"models": tuple(models)}, output_artifacts={"model": models[2]})
    inputs = {"model": models[2], "data": data, "device": device}
    run = RunRecord(
        id=run_id,
        pipeline="retrain-digits",
        graph_digest="9c" * 32,
        state="FAILED" if fails else "SUCCEEDED",
        created_at=START,
        ended_at=START + 167.3,
        arguments={"source": "digits", "seed": 0, "epochs": 10, "latency_p95_ms": 2.0, "accuracy_min": 0.96},
        source="pipelines/retrain/pipeline.py:retrain",
    )
    if fails:
        error = {
            "code": "E610",
            "kind": "user",
            "message": "no artefact keeps the latency limit; the fastest takes 2.41 ms (p95)",
            "got": "2.41 ms",
            "expected": "at most 2.0 ms",
            "hint": "raise latency_p95_ms, or train a lower level",
        }
        trace = 'Traceback (most recent call last):\n  File "compiling.py", line 88, in choose\nLimitNotMet: E610'
        record("compile-model", 115, 9.0, state="FAILED", input_artifacts=inputs, error={**error, "traceback": trace})
        for path in ("evaluate", "condition-2", "notify"):
            record(path, 124, 0, state="NOT_RUN", started_at=None, attempts=0, log="")
        failed = {**error, "task": "compile-model"}
        return _replaced(run, error=failed, ended_at=START + 124.0), tasks, retrain_graph(), folder
    compiled = store.add("model", "CompiledModel", compiled_model(), member="compiled.json")
    report = store.add(
        "report", "Evaluation", evaluation(), metadata={"accuracy": 0.9659, "macro_f1": 0.9655, "log_loss": 0.1187}
    )
    matrix = {"annotationSpecs": [{"displayName": n} for n in CLASSES], "rows": [{"row": row} for row in MATRIX]}
    confusion = store.add("confusion", "ClassificationMetrics", "{}", metadata={"confusionMatrix": matrix})
    record(
        "compile-model",
        115,
        31,
        input_artifacts=inputs,
        outputs={"artefact": "onnxruntime-int8", "p95_ms": 1.93},
        output_artifacts={"model": compiled, "table": store.add("table", "LatencyTable", latency_table(levels=[3]))},
    )
    record(
        "evaluate",
        146.4,
        18.2,
        inputs={"accuracy_min": 0.96},
        input_artifacts={"model": compiled, "data": data},
        outputs={"accuracy": 0.9659, "passed": True},
        output_artifacts={"report": report, "confusion": confusion},
    )
    record("condition-2", 164.8, 1.2, kind="group", inputs={"pipelinechannel--evaluate-passed": True})
    deployment = store.add("deployment", "Deployment", "{}", member="deployment.json")
    record(
        "condition-2/deploy",
        164.9,
        1.1,
        input_artifacts={"model": compiled},
        output_artifacts={"deployment": deployment},
    )
    record("notify", 166.2, 0.9, inputs={"message": "done"})
    return (
        _replaced(run, outputs={"accuracy": 0.9659}, output_artifacts={"model": compiled}),
        tasks,
        retrain_graph(),
        folder,
    )


def _replaced(run: RunRecord, **changes: Any) -> RunRecord:
    from dataclasses import replace

    return replace(run, **changes)
