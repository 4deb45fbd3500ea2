"""What a plan costs, counted without building it. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milonga.components.training.networks.base import Bound, Convolution, Dense, Halve, Plan, Residual, shortcut


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one network.

    Attributes:
        parameter_count: trainable numbers: weights, biases, and scale and shift of each batch norm.
        multiply_accumulates: of convolutions and classifier for one image.
    """

    parameter_count: int
    multiply_accumulates: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A convolution at its place: input channels, and output height and width in pixels."""

    convolution: Convolution
    channels: int
    height: int
    width: int


def measure(plan: Plan, *, channels: int, classes: int, height: int = 32, width: int = 32) -> Cost:
    """The cost of the network that `assembly.assemble` builds from `plan` for images of `height` x `width` pixels."""
    parameters = work = 0
    size = (channels, height, width)
    for layer in plan:
        size, placed = _place(layer, size)
        for item in placed:
            weights = item.channels * item.convolution.channels * item.convolution.kernel**2
            parameters += weights + 2 * item.convolution.channels
            work += weights * item.height * item.width
    return Cost(parameters + (size[0] + 1) * classes, work + size[0] * classes)


def _place(layer: object, size: tuple[int, int, int]) -> tuple[tuple[int, int, int], list[Placed]]:
    """Output size (channels, height, width) of `layer` and its convolutions."""
    channels, height, width = size
    if isinstance(layer, Bound):
        while min(height, width) > layer.limit_px:
            height, width = height // 2, width // 2
        return (channels, height, width), []
    if isinstance(layer, Halve):
        return (channels, height // 2, width // 2), []
    if isinstance(layer, Convolution):
        placed = list(_chain((layer,), size))
    elif isinstance(layer, (Residual, Dense)):
        placed = list(_chain(layer.body, size))
    else:
        raise TypeError(f"a layer of a plan must hold, but got {type(layer).__name__}")
    last = placed[-1]
    out = (last.convolution.channels, last.height, last.width)
    beside = shortcut(layer, channels) if isinstance(layer, Residual) else None
    if beside is not None:
        placed.append(Placed(beside, channels, last.height, last.width))
    if isinstance(layer, Dense):
        out = (channels + out[0], *out[1:])
    return out, placed


def _chain(body: tuple[Convolution, ...], size: tuple[int, int, int]) -> Iterator[Placed]:
    channels, height, width = size
    for convolution in body:
        height, width = -(-height // convolution.stride), -(-width // convolution.stride)
        yield Placed(convolution, channels, height, width)
        channels = convolution.channels
