"""Checks, cleans and describes ONNX files. What an author's machine was like never stays in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from milonga.components.contracts.model_input import INPUT_NAME, OUTPUT_NAME
from milonga.errors import DeviceError, MissingExtra


def import_onnx() -> Any:
    """The module `onnx`."""
    try:
        import onnx
    except ImportError as reason:
        raise MissingExtra.of("onnx", "devices", "compiling a network for a device") from reason
    return onnx


def check_onnx(path: Path) -> int:
    """Check the file and its border, and give its opset.

    Returns:
        The version of the default operator set.

    Raises:
        DeviceError: E641, no valid ONNX file with exactly the input `input` and the output `probabilities`.
    """
    onnx = import_onnx()
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except Exception as reason:  # protobuf, checker and file errors have no common base below this one
        message = f"'{path.name}' is no valid ONNX file"
        raise DeviceError("E641", message, where=str(path), got=str(reason)[:500]) from reason
    inputs, outputs = [value.name for value in model.graph.input], [value.name for value in model.graph.output]
    if inputs != [INPUT_NAME] or outputs != [OUTPUT_NAME]:
        raise DeviceError(
            "E641",
            f"the network in '{path.name}' has another border",
            where=str(path),
            got=f"inputs {inputs}, outputs {outputs}",
            expected=f"inputs ['{INPUT_NAME}'], outputs ['{OUTPUT_NAME}']",
        )
    return int(next(item.version for item in model.opset_import if item.domain in ("", "ai.onnx")))


def clean_onnx(model: Any) -> None:
    """Remove documentation and metadata from a model in place: exporters put source lines with full paths there."""
    del model.metadata_props[:]
    model.doc_string = ""
    graph = model.graph
    graph.doc_string = ""
    del graph.metadata_props[:]
    for item in [*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]:
        del item.metadata_props[:]
        item.doc_string = ""


def save_onnx(model: Any, path: Path) -> Path:
    """Write a model, serialised in a fixed order: same model, same bytes."""
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path
