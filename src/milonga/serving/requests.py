"""Reads the input tensor of an Open Inference Protocol v2 request, and says what is wrong with it.

It knows plain values only, no server: `server` takes them out of KServe's classes.
Protocol: https://github.com/kserve/open-inference-protocol (specification, inference_rest).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milonga.errors import ServingError
from milonga.serving.served_model import INPUT_NAME, ServedModel

if TYPE_CHECKING:
    import numpy.typing as npt

DATATYPE = "FP32"


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input tensor as a request carries it; `data` is flat or nested lists, in row-major order."""

    name: str
    shape: list[int]
    datatype: str
    data: Any


def read_samples(tensors: list[Tensor], model: ServedModel) -> npt.NDArray[Any]:
    """The samples of a request, float32 `[n, *sample_shape]`.

    Raises:
        ServingError: E717, the request does not carry exactly one tensor of the name, type and shape that the model
            takes, with finite numbers.
    """
    import numpy as np

    expected = f"'{INPUT_NAME}', {DATATYPE}, shape [n, {', '.join(str(size) for size in model.sample_shape)}]"
    if [tensor.name for tensor in tensors] != [INPUT_NAME]:
        raise _refused("wrong input tensors", str([tensor.name for tensor in tensors]), f"one tensor: {expected}")
    tensor = tensors[0]
    if tensor.datatype != DATATYPE:
        raise _refused(f"wrong datatype of '{INPUT_NAME}'", tensor.datatype, expected)
    if tuple(tensor.shape[1:]) != model.sample_shape or tensor.shape[0] < 1:
        raise _refused(f"wrong shape of '{INPUT_NAME}'", str(tensor.shape), expected)
    try:
        with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused below
            values = np.asarray(tensor.data, dtype=np.float32).ravel()
    except (TypeError, ValueError, OverflowError):
        raise _refused(f"the data of '{INPUT_NAME}' are no numbers", "other values", expected) from None
    if values.size != math.prod(tensor.shape):
        got, wanted = f"{values.size} numbers", f"{math.prod(tensor.shape)}, the product of the shape"
        raise _refused(f"wrong length of the data of '{INPUT_NAME}'", got, wanted)
    if not np.isfinite(values).all():
        raise _refused(f"the data of '{INPUT_NAME}' must be finite", "NaN or a number beyond float32", expected)
    return values.reshape(tensor.shape)


def _refused(message: str, got: str, expected: str) -> ServingError:
    return ServingError("E717", message, got=got, expected=expected)
