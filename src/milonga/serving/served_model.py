"""The model folder as a server sees it: `compiled.json` and `model.onnx`, checked and loaded.

It reads the documented format (docs/reference/artifacts.md, `CompiledModel`) and imports no component.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.errors import MissingExtra, ServingError

if TYPE_CHECKING:
    import numpy.typing as npt

FORMAT = "milonga.compiled/1"
INPUT_NAME, OUTPUT_NAME = "input", "probabilities"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What a server must know about a model.

    Args:
        onnx_path: the network.
        classes: class names, in the order of the probabilities.
        sample_shape: shape of one sample as the network takes it.
        threads: threads of the inference, those that it was measured with.
        artefact: name of the artefact, such as `onnxruntime-int8`.
    """

    onnx_path: Path
    classes: tuple[str, ...]
    sample_shape: tuple[int, ...]
    threads: int
    artefact: str


def read_served_model(folder: Path) -> ServedModel:
    """Read and check a model folder.

    Raises:
        ServingError: E710 a file is missing, E711 `compiled.json` does not keep its format, E712 the network is not
            the one that was measured, E713 no runtime here for its artefact.
    """
    description, onnx_path = folder / "compiled.json", folder / "model.onnx"
    for path in (description, onnx_path):
        if not path.is_file():
            expected = "the folder of a compiled model"
            raise ServingError("E710", f"there is no '{path.name}' to serve", where=str(folder), expected=expected)
    try:
        value = json.loads(description.read_text(encoding="utf-8"))
        if value["format"] != FORMAT:
            raise ValueError(f"format is {value['format']!r}, not {FORMAT!r}")
        chosen = next(item for item in value["candidates"] if item["artefact"] == value["chosen"])
        model = ServedModel(
            onnx_path=onnx_path,
            classes=tuple(str(name) for name in value["classes"]),
            sample_shape=_sample_shape(value["input"]),
            threads=int(chosen["threads"]),
            artefact=str(value["chosen"]),
        )
        expected = str(chosen["sha256"])
    except (ValueError, KeyError, TypeError, StopIteration) as reason:
        got = f"{type(reason).__name__}: {reason}"
        raise ServingError("E711", "'compiled.json' does not keep its format", where=str(folder), got=got) from reason
    got = hashlib.sha256(onnx_path.read_bytes()).hexdigest()
    if got != expected:
        message = "'model.onnx' is not the network that was measured"
        raise ServingError("E712", message, where=str(onnx_path), got=got, expected=expected)
    if not model.artefact.startswith("onnxruntime-"):
        message = f"no server here runs the artefact '{model.artefact}'"
        raise ServingError("E713", message, got=model.artefact, expected="onnxruntime-...")
    return model


def _sample_shape(form: dict[str, Any]) -> tuple[int, ...]:
    if form["kind"] == "image":
        return (int(form["channels"]), int(form["height"]), int(form["width"]))
    return (int(form["features"]),)


class Predictor:
    """A loaded network. Thread-safe: ONNX Runtime sessions may run concurrently.

    Raises:
        ServingError: E714, the runtime does not accept the network, or it answers in another shape.
        MissingExtra: onnxruntime is not installed.
    """

    def __init__(self, model: ServedModel) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # must stand before the import: microsoft/onnxruntime#25573
        try:
            import numpy as np
            import onnxruntime
        except ImportError as reason:
            raise MissingExtra.of("onnxruntime", "serve", "serving a model") from reason
        self.model = model
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = model.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(model.onnx_path), options, providers=["CPUExecutionProvider"]
            )
            answer = self.predict(np.zeros((1, *model.sample_shape), dtype=np.float32))
        except Exception as reason:  # the runtime's own exception classes have no public common base
            where = str(model.onnx_path)
            raise ServingError("E714", "the network cannot be run", where=where, got=str(reason)[:500]) from reason
        if answer.shape != (1, len(model.classes)):
            got, expected = str(answer.shape), f"(1, {len(model.classes)})"
            raise ServingError("E714", "the network answers in another shape", got=got, expected=expected)

    def predict(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Probabilities, float32 `[n, classes]`, of float32 samples `[n, *sample_shape]`."""
        result: npt.NDArray[Any] = self._session.run([OUTPUT_NAME], {INPUT_NAME: samples})[0]
        return result
