"""Residual networks for small images (idea: He et al. 2016, arXiv 1512.03385, section 4.2; sizes are our own)."""

from __future__ import annotations

from milonga.components.training.networks.base import Bound, Convolution, Family, Layer, Plan, Residual


def _plan(width: int, blocks: tuple[int, ...]) -> Plan:
    """One stage an entry of `blocks`; the width doubles and the size halves from stage to stage."""
    layers: list[Layer] = [Convolution(width), Bound(64)]
    for stage, count in enumerate(blocks):
        for block in range(count):
            channels, stride = width * 2**stage, 2 if stage and not block else 1
            layers.append(Residual((Convolution(channels, stride=stride), Convolution(channels, relu=False))))
    return tuple(layers)


RESNET = Family(
    name="resnet",
    plans=(
        _plan(8, (1, 1)),
        _plan(12, (1, 1, 1)),
        _plan(16, (2, 2, 2)),
        _plan(24, (3, 3, 3)),
        _plan(36, (4, 4, 4)),
    ),
)
