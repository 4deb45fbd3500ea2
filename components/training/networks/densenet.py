"""Densely connected networks for small images (idea: Huang et al. 2017, arXiv 1608.06993; order and sizes our own).

The paper's order is norm, ReLU, convolution. Ours is convolution, norm, ReLU, since only then the norm folds into the
convolution before it, which 8-bit inference needs.
"""

from __future__ import annotations

from milonga.components.training.networks.base import Bound, Convolution, Dense, Family, Halve, Layer, Plan


def _plan(growth: int, blocks: tuple[int, ...], *, bottleneck: int = 0) -> Plan:
    """One block an entry of `blocks`; a transition between blocks halves channels and size.

    Args:
        growth: channels that a dense layer adds.
        blocks: number of dense layers in each block.
        bottleneck: channels of the 1x1 convolution before each 3x3 one, in multiples of `growth`; 0 for none.
    """
    channels = 2 * growth
    layers: list[Layer] = [Convolution(channels), Bound(64)]
    squeeze = (Convolution(bottleneck * growth, kernel=1),) if bottleneck else ()
    for index, count in enumerate(blocks):
        if index:
            channels //= 2
            layers += [Convolution(channels, kernel=1), Halve()]
        layers += [Dense((*squeeze, Convolution(growth)))] * count
        channels += count * growth
    return tuple(layers)


DENSENET = Family(
    name="densenet",
    plans=(
        _plan(8, (2, 2)),
        _plan(10, (3, 3, 3)),
        _plan(16, (4, 4, 4)),
        _plan(22, (4, 8, 10), bottleneck=3),
        _plan(32, (4, 10, 14), bottleneck=4),
    ),
)
