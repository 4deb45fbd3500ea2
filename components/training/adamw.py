"""AdamW, as in Loshchilov and Hutter 2019 (arXiv 1711.05101), algorithm 2, on torch's batched operations.

Why not `torch.optim.AdamW`: its constructor imports torch's compiler, 4.7 CPU seconds in every fresh process, more than
a whole training of a small network. A test holds both to the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

AVERAGE_DECAY = 0.9
SQUARE_DECAY = 0.999
EPSILON = 1e-8


class AdamW:
    """The optimiser's state for the parameters of one network. Not thread-safe.

    Args:
        parameters: all trainable parameters, on one device.
        weight_decay: decay a step, in multiples of the learning rate, of parameters of two dimensions or more; norms
            and biases, which have one, are not decayed.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], *, weight_decay: float) -> None:
        import torch

        self._parameters: list[torch.Tensor] = list(parameters)
        self._decayed = [parameter for parameter in self._parameters if parameter.ndim > 1]
        self._weight_decay = weight_decay
        self._averages = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._steps = 0

    def step(self, learning_rate: float) -> None:
        """Change the parameters along their gradients, which all must have one, and drop the gradients."""
        import torch

        batched: Any = torch  # its type stubs do not export the batched operations that it documents
        self._steps += 1
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        average_bias = 1.0 - AVERAGE_DECAY**self._steps
        square_bias = 1.0 - SQUARE_DECAY**self._steps
        with torch.no_grad():
            if self._weight_decay:
                batched._foreach_mul_(self._decayed, 1.0 - learning_rate * self._weight_decay)
            batched._foreach_lerp_(self._averages, gradients, 1.0 - AVERAGE_DECAY)
            batched._foreach_mul_(self._squares, SQUARE_DECAY)
            batched._foreach_addcmul_(self._squares, gradients, gradients, 1.0 - SQUARE_DECAY)
            scale = batched._foreach_sqrt(self._squares)
            batched._foreach_div_(scale, square_bias**0.5)
            batched._foreach_add_(scale, EPSILON)
            batched._foreach_addcdiv_(self._parameters, self._averages, scale, -learning_rate / average_bias)
        for parameter in self._parameters:
            parameter.grad = None
