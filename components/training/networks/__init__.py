"""Our families of networks. A new one is a file with a `Family` and one line in `FAMILIES`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milonga.components.training.networks.base import Family, Plan
from milonga.components.training.networks.densenet import DENSENET
from milonga.components.training.networks.resnet import RESNET
from milonga.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

FAMILIES: tuple[Family, ...] = (
    RESNET,
    DENSENET,
)

__all__ = ["FAMILIES", "Family", "Plan", "build_network", "find_family", "find_plan"]


def find_family(name: str) -> Family:
    """The registered family called `name`.

    Raises:
        UsageError: E961, there is none.
    """
    for family in FAMILIES:
        if family.name == name:
            return family
    expected = "one of " + ", ".join(family.name for family in FAMILIES)
    raise UsageError("E961", "unknown family of networks", got=repr(name), expected=expected)


def find_plan(family: str, level: int) -> Plan:
    """The plan of `family` at `level`, 1 (smallest) to 5 (largest).

    Raises:
        UsageError: E961, there is no such family or level.
    """
    plans = find_family(family).plans
    if not 1 <= level <= len(plans):
        raise UsageError("E961", "unknown level of a network", got=str(level), expected=f"1 to {len(plans)}")
    return plans[level - 1]


def build_network(
    family: str, level: int, *, channels: int, classes: int, mean: Sequence[float], std: Sequence[float]
) -> torch.nn.Module:
    """A network with fresh random weights.

    Args:
        family: name in `FAMILIES`.
        level: 1 (smallest) to 5 (largest).
        channels: of the images.
        classes: number of outputs, at least 2.
        mean: per channel, of pixels scaled to 0..1.
        std: per channel, above 0.

    Returns:
        A module that takes raw pixels scaled to 0..1, float32 `[batch, channels, height, width]` of 8 x 8 pixels or
        more, normalises them itself, and returns logits `[batch, classes]`. Weights come from torch's global
        generator. `mean` and `std` are no part of its `state_dict`.

    Raises:
        UsageError: E961, there is no such family or level.
        MissingExtra: torch is not installed.
    """
    from milonga.components.training.networks.assembly import assemble

    return assemble(find_plan(family, level), channels=channels, classes=classes, mean=mean, std=std)
