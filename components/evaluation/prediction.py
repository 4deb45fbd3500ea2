"""Run a compiled network over a split with ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def predict(network: Path, x: npt.NDArray[Any], *, classes: int) -> npt.NDArray[np.float64]:
    """The class probabilities that the network in `network` gives.

    Args:
        network: ONNX file, float32 `input` to float32 `probabilities`.
        x: samples as `DataSplits` stores them: uint8 `[n, height, width, channels]` or float32 `[n, features]`.
        classes: number of classes that must come out.

    Returns:
        float64 `[n, classes]`.

    Raises:
        DataError: E533 (what comes out are no probabilities of these classes), E534 (the network does not run).
    """
    import numpy as np

    session = _open(network)
    result: npt.NDArray[np.float64] = np.empty((len(x), classes), dtype=np.float64)
    size = _batch_size(x)
    for start in range(0, len(x), size):
        batch = scale(x[start : start + size])
        try:
            found = session.run(["probabilities"], {"input": batch})[0]
        except Exception as reason:  # ONNX Runtime's exceptions share no base but Exception
            raise DataError("E534", f"the network does not run: {_short(reason)}", where=str(network)) from reason
        _check(found, len(batch), classes, network)
        result[start : start + len(batch)] = found
    return result


def scale(x: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Stored samples as a compiled network takes them.

    Args:
        x: uint8 `[n, height, width, channels]`, 0 to 255, or float32 `[n, features]`.

    Returns:
        float32 `[n, channels, height, width]`, 0 to 1, or the features as they are.
    """
    import numpy as np

    if x.ndim == 2:
        return np.ascontiguousarray(x, dtype=np.float32)
    channels_first = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    return np.divide(channels_first, np.float32(255), dtype=np.float32)


def _open(network: Path) -> Any:
    # The runtime starts an uploader when it is imported, unless this is set before (microsoft/onnxruntime#27379).
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as reason:
        raise MissingExtra.of("onnxruntime", "devices", "evaluating a compiled model") from reason
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # ONNX Runtime's exceptions share no base but Exception
        raise DataError("E534", f"the network cannot be loaded: {_short(reason)}", where=str(network)) from reason


def _batch_size(x: npt.NDArray[Any]) -> int:
    """At most 256 samples and about 16 MiB of float32."""
    values = 1
    for length in x.shape[1:]:
        values *= length
    return max(1, min(256, (16 << 20) // (4 * max(1, values))))


def _check(found: Any, rows: int, classes: int, network: Path) -> None:
    import numpy as np

    expected = f"finite probabilities {[rows, classes]} whose rows sum to 1"
    message = "the network's output is not a probability for each class"
    if getattr(found, "shape", None) != (rows, classes):
        got = f"shape {list(getattr(found, 'shape', ()))}"
        raise DataError("E533", message, where=str(network), got=got, expected=expected)
    sums = found.sum(axis=1, dtype=np.float64)
    # 8-bit probabilities are multiples of 1/256, so their sum may be off by a few of them.
    if not np.isfinite(found).all() or found.min() < -1e-3 or np.abs(sums - 1).max() > 0.05:
        got = f"values {found.min()} to {found.max()}, sums {sums.min()} to {sums.max()}"
        raise DataError("E533", message, where=str(network), got=got, expected=expected)


def _short(reason: Exception) -> str:
    return str(reason).splitlines()[0][:300] if str(reason) else type(reason).__name__
