"""From a trained model back to a network that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milonga.components.contracts.trained_model import TrainedModel
from milonga.components.training.networks import build_network
from milonga.errors import DataError

if TYPE_CHECKING:
    import torch


def load_network(model: TrainedModel) -> torch.nn.Module:
    """The network of a trained model, on the CPU, in evaluation mode.

    Returns:
        A module that takes raw pixels scaled to 0..1, float32 `[batch, channels, height, width]`, and returns logits
        `[batch, classes]`. It exports with `torch.onnx.export(..., dynamo=True)` and a dynamic batch.

    Raises:
        DataError: E540 to E544 (the model does not keep its contract), E546 (the weights are not of its network).
        MissingExtra: torch or safetensors is not installed.
    """
    description = model.read()
    state = model.read_network()
    network = build_network(
        description.family,
        description.level or 0,
        channels=description.input.channels,
        classes=len(description.classes),
        mean=description.mean,
        std=description.std,
    )
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as reason:
        where = str(model.path / TrainedModel.WEIGHTS_FILE)
        expected = f"weights of {description.family} at level {description.level}"
        message = "the weights do not fit the network that model.json describes"
        raise DataError("E546", message, where=where, got=str(reason)[:300], expected=expected) from reason
    return network.eval()
