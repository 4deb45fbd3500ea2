# ruff: noqa: BLE001, E402 - every case must get its result; kfp warns while it is imported
"""Run by the tests in a process of its own, since kfp is heavy: what kfp 2.17.0 makes of compiled pipelines.

argv: a folder with `<name>.yaml` files and `cases.json` (name → {"arguments", "run"}). Writes `results.json`.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import yaml
from google.protobuf import json_format
from kfp import components, local
from kfp.pipeline_spec import pipeline_spec_pb2


def content(value: object) -> object:
    """A parameter as it is; an artifact as its text, or its metadata where it has no content."""
    if isinstance(value, list):
        return [content(item) for item in value]
    path = getattr(value, "path", None)
    if path is None:
        return value
    return Path(path).read_text() if Path(path).is_file() else value.metadata


def main(folder: Path) -> None:
    """Confirm every case."""
    results = {}
    for name, case in json.loads((folder / "cases.json").read_text()).items():
        result = results[name] = {}
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        documents = list(yaml.safe_load_all(text))
        messages = (pipeline_spec_pb2.PipelineSpec(), pipeline_spec_pb2.PlatformSpec())
        try:
            for document, message in zip(documents, messages, strict=False):
                json_format.ParseDict(document, message)
            result["loaded"] = components.load_component_from_text(text).name
        except Exception as error:
            result["refused"] = f"{type(error).__name__}: {error}"
            continue
        if not case["run"]:
            continue
        local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder / "root" / name))
        try:
            task = components.load_component_from_text(text)(**case["arguments"])
            result["outputs"] = {key: content(value) for key, value in task.outputs.items()}
            result["state"] = "SUCCEEDED"
        except Exception as error:
            result["state"] = "FAILED"
            result["error"] = f"{type(error).__name__}: {error}"
    (folder / "results.json").write_text(json.dumps(results))


main(Path(sys.argv[1]))
