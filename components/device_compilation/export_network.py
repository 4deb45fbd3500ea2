"""Exports a torch network to ONNX, with the softmax inside and a dynamic batch."""

from __future__ import annotations

import copy
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from milonga.components.contracts.model_input import INPUT_NAME, OUTPUT_NAME, ModelInput
from milonga.components.device_compilation.onnx_file import check_onnx, clean_onnx, save_onnx
from milonga.errors import DeviceError, MissingExtra

if TYPE_CHECKING:
    import torch


def with_softmax(network: torch.nn.Module) -> torch.nn.Module:
    """`network` in evaluation mode, followed by a softmax: its argument is called `input`, as in the ONNX file."""
    import torch

    class Classifier(torch.nn.Module):  # type: ignore[misc]  # torch is not followed
        """Probabilities instead of logits."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return torch.softmax(self.network(input), dim=1)

    return Classifier().eval()


def fold_batch_norm(network: torch.nn.Module) -> torch.nn.Module:
    """A copy in evaluation mode whose convolutions carry the batch norm that follows them in a `Sequential`.

    The exporter folds as well, but only after it has traced every operator thrice, which takes most of its time.
    """
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    folded = copy.deepcopy(network).eval()
    chains = [module for module in folded.modules() if isinstance(module, torch.nn.Sequential)]
    for chain in chains:
        for index in range(len(chain) - 1):
            convolution, norm = chain[index], chain[index + 1]
            if isinstance(convolution, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
                chain[index], chain[index + 1] = fuse_conv_bn_eval(convolution, norm), torch.nn.Identity()
    return folded


def export_network(network: torch.nn.Module, target: Path, *, form: ModelInput) -> int:
    """Write `network` to `target` as ONNX, without a trace of the machine that did it.

    Args:
        network: takes float32 `[batch, channels, height, width]`, returns logits `[batch, classes]`.
        target: the file to write.
        form: shape of one sample.

    Returns:
        The opset, as the file has it.

    Raises:
        DeviceError: E645, the network cannot be exported.
        MissingExtra: onnxscript is not installed.
    """
    import torch

    try:
        import onnxscript  # noqa: F401
    except ImportError as reason:
        raise MissingExtra.of("onnxscript", "torch", "exporting a network to ONNX") from reason
    batch = torch.export.Dim("batch")
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    try:
        # The exporter says that torchvision is missing, and uses an interface of torch itself that torch deprecates.
        logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", UserWarning)
            program = torch.onnx.export(
                with_softmax(fold_batch_norm(network)),
                (torch.zeros(2, *form.sample_shape),),
                dynamo=True,
                dynamic_shapes=({0: batch},),
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                verbose=False,
            )
    except Exception as reason:  # the exporter's many steps raise exceptions without a common base
        message = "the network cannot be exported to ONNX"
        raise DeviceError("E645", message, got=f"{type(reason).__name__}: {reason}"[:800]) from reason
    finally:
        logger.setLevel(level)
    if program is None:
        raise DeviceError("E645", "the exporter returned nothing")
    model = program.model_proto
    clean_onnx(model)
    save_onnx(model, target)
    return check_onnx(target)
