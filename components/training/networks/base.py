"""What a family of networks is: five plans, written as plain data.

A plan is a sequence of layers, from the normalised image to the feature map that the classifier averages. Being data,
a plan can be counted (`cost`) without building it, and is built by one place only (`assembly`). The layers are those
that export to ONNX without rewriting and fold for 8-bit inference: convolution, batch norm and ReLU in this order,
sum, concatenation, pooling (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).

This module imports the standard library only. It does not know any particular family.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Convolution:
    """Convolution without bias, batch norm and, unless `relu` is off, ReLU. Padding keeps size / stride, rounded up.

    Attributes:
        channels: output channels.
        kernel: side of the kernel, odd.
        stride: 1 or 2.
        relu: whether a ReLU follows.
    """

    channels: int
    kernel: int = 3
    stride: int = 1
    relu: bool = True


@dataclass(frozen=True, slots=True)
class Residual:
    """ReLU of body(x) + x; a 1x1 convolution takes the place of x where channels or size change.

    Attributes:
        body: convolutions in order, the last one without ReLU.
    """

    body: tuple[Convolution, ...]


@dataclass(frozen=True, slots=True)
class Dense:
    """x and body(x), concatenated along the channels.

    Attributes:
        body: convolutions in order, all of stride 1.
    """

    body: tuple[Convolution, ...]


@dataclass(frozen=True, slots=True)
class Halve:
    """Average over windows of 2 x 2; an odd last row or column is left out."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Maximum over windows of 2 x 2, repeated until the smaller side is at most `limit_px`: bounds the cost of what
    follows for large images and leaves small ones alone. It has no parameters, so weights do not depend on the size.

    Attributes:
        limit_px: in pixels.
    """

    limit_px: int


Layer = Convolution | Residual | Dense | Halve | Bound
Plan = tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of networks.

    Attributes:
        name: what users write.
        plans: five plans; parameters strictly increase from level 1 (the first) to level 5.
        smallest_px: the least height and width that the plans can take.
    """

    name: str
    plans: tuple[Plan, Plan, Plan, Plan, Plan]
    smallest_px: int = 8


def shortcut(layer: Residual, channels: int) -> Convolution | None:
    """The 1x1 convolution beside the body of `layer`; None where `channels` and size stay as they are."""
    stride = max(convolution.stride for convolution in layer.body)
    if stride == 1 and layer.body[-1].channels == channels:
        return None
    return Convolution(layer.body[-1].channels, kernel=1, stride=stride, relu=False)
