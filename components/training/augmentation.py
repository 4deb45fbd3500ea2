"""Random changes of training images that keep their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch


def augment(x: torch.Tensor, *, kind: Literal["none", "shift", "flip"], generator: torch.Generator) -> torch.Tensor:
    """A changed copy of a batch, or the batch itself for `none`.

    Args:
        x: images `[batch, channels, height, width]`.
        kind: `shift` moves each image by up to an eighth of its size (at least one pixel) in each direction and
            repeats its border; `flip` also mirrors left and right with probability one half, for things whose mirror
            image is of the same class.
        generator: on the CPU; the draws are the same on every device.
    """
    import torch

    if kind == "none":
        return x
    rows = _shifted(x.shape[2], len(x), generator).to(x.device)
    columns = _shifted(x.shape[3], len(x), generator)
    if kind == "flip":
        mirrored = torch.rand(len(x), 1, generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    columns = columns.to(x.device)
    batch = torch.arange(len(x), device=x.device)[:, None, None, None]
    channel = torch.arange(x.shape[1], device=x.device)[None, :, None, None]
    return x[batch, channel, rows[:, None, :, None], columns[:, None, None, :]]


def _shifted(size: int, count: int, generator: torch.Generator) -> torch.Tensor:
    """For each of `count` images the source index of each of `size` rows or columns, int64 `[count, size]`."""
    import torch

    reach = max(1, size // 8)
    offsets = torch.randint(-reach, reach + 1, (count, 1), generator=generator)
    return (torch.arange(size)[None, :] + offsets).clamp(0, size - 1)
