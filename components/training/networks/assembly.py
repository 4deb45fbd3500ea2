"""Turns a plan into a torch module. The only place that knows both; it does not know any particular family.

torch is imported, and its subclasses are made, inside the functions: `import milonga` must not load torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from milonga.components.training.networks.base import Bound, Convolution, Dense, Halve, Plan, Residual, shortcut
from milonga.errors import MissingExtra

if TYPE_CHECKING:
    import torch


def assemble(
    plan: Plan, *, channels: int, classes: int, mean: Sequence[float], std: Sequence[float]
) -> torch.nn.Module:
    """The network of `plan`; arguments and result are those of `build_network`."""
    try:
        from torch import nn
    except ImportError as reason:
        raise MissingExtra.of("torch", "torch", "building a network") from reason

    modules: list[torch.nn.Module] = [_normalisation(mean, std)]
    for layer in plan:
        if isinstance(layer, Convolution):
            modules.append(_convolution(layer, channels))
            channels = layer.channels
        elif isinstance(layer, Residual):
            modules.append(_residual(layer, channels))
            channels = layer.body[-1].channels
        elif isinstance(layer, Dense):
            modules.append(_dense(layer, channels))
            channels += layer.body[-1].channels
        elif isinstance(layer, Halve):
            modules.append(nn.AvgPool2d(2))
        else:
            modules.append(_bound(layer))
    modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]
    return nn.Sequential(*modules)


def _convolution(layer: Convolution, channels: int) -> torch.nn.Module:
    from torch import nn

    convolution = nn.Conv2d(
        channels, layer.channels, layer.kernel, stride=layer.stride, padding=layer.kernel // 2, bias=False
    )
    # Keeps the variance of gradients through ReLU: He et al. 2015, arXiv 1502.01852, equation 14.
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    modules: list[torch.nn.Module] = [convolution, nn.BatchNorm2d(layer.channels)]
    if layer.relu:
        modules.append(nn.ReLU())
    return nn.Sequential(*modules)


def _chain(body: tuple[Convolution, ...], channels: int) -> torch.nn.Sequential:
    from torch import nn

    inputs = [channels, *(convolution.channels for convolution in body)]
    return nn.Sequential(*(_convolution(layer, count) for layer, count in zip(body, inputs, strict=False)))


def _residual(layer: Residual, channels: int) -> torch.nn.Module:
    import torch
    from torch import nn

    class ResidualBlock(nn.Module):  # type: ignore[misc]
        """ReLU of the body's output plus the (projected) input."""

        def __init__(self) -> None:
            super().__init__()
            self.body = _chain(layer.body, channels)
            beside = shortcut(layer, channels)
            self.shortcut = nn.Identity() if beside is None else _convolution(beside, channels)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.body(x) + self.shortcut(x))

    return ResidualBlock()


def _dense(layer: Dense, channels: int) -> torch.nn.Module:
    import torch
    from torch import nn

    class DenseLayer(nn.Module):  # type: ignore[misc]
        """The input and the body's output, concatenated along the channels."""

        def __init__(self) -> None:
            super().__init__()
            self.body = _chain(layer.body, channels)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat((x, self.body(x)), dim=1)

    return DenseLayer()


def _bound(layer: Bound) -> torch.nn.Module:
    from torch import nn

    class BoundedSize(nn.Module):  # type: ignore[misc]
        """Maximum pooling until the smaller side fits; height and width are constants of an exported graph."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            while min(x.shape[2], x.shape[3]) > layer.limit_px:
                x = nn.functional.max_pool2d(x, 2)
            return x

    return BoundedSize()


def _normalisation(mean: Sequence[float], std: Sequence[float]) -> torch.nn.Module:
    import torch
    from torch import nn

    class Normalisation(nn.Module):  # type: ignore[misc]
        """(x - mean) / std per channel, as one multiplication and one addition."""

        scale: torch.Tensor
        offset: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            deviation = torch.tensor(list(std), dtype=torch.float64).reshape(1, -1, 1, 1)
            average = torch.tensor(list(mean), dtype=torch.float64).reshape(1, -1, 1, 1)
            # Not in the state_dict: model.json is the one place that holds mean and std.
            self.register_buffer("scale", (1.0 / deviation).float(), persistent=False)
            self.register_buffer("offset", (-average / deviation).float(), persistent=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.scale + self.offset

    return Normalisation()
