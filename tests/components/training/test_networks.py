import warnings
from pathlib import Path

import pytest
import torch

from milonga.components.training.networks import FAMILIES, build_network, find_plan
from milonga.components.training.networks.cost import measure
from milonga.errors import UsageError

LEVELS = [(family.name, level) for family in FAMILIES for level in range(1, 6)]


def build(family: str, level: int, *, channels: int = 1, classes: int = 10) -> torch.nn.Module:
    return build_network(
        family, level, channels=channels, classes=classes, mean=[0.3] * channels, std=[0.2] * channels
    ).eval()


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_parameters_strictly_increase_with_the_level(family: str) -> None:
    counts = [parameters(build(family, level)) for level in range(1, 6)]
    assert counts == sorted(set(counts))
    assert 2_000 < counts[0] < 10_000
    assert 1_000_000 < counts[4] < 3_000_000


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_work_strictly_increases_with_the_level(family: str) -> None:
    work = [measure(find_plan(family, level), channels=3, classes=10).multiply_accumulates for level in range(1, 6)]
    assert work == sorted(set(work))


@pytest.mark.parametrize(("family", "level"), LEVELS)
def test_counting_a_plan_agrees_with_the_network_that_is_built(family: str, level: int) -> None:
    network = build(family, level, channels=3, classes=7)
    cost = measure(find_plan(family, level), channels=3, classes=7, height=17, width=80)
    assert cost.parameter_count == parameters(network)
    done: list[int] = []

    def count(module: torch.nn.Module, inputs: object, output: torch.Tensor) -> None:
        done.append(output.numel() * module.weight[0].numel())

    for module in network.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.zeros(1, 3, 17, 80))
    assert sum(done) == cost.multiply_accumulates


@pytest.mark.parametrize(("family", "level"), LEVELS)
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 8, 8), pytest.param(3, 224, 99, marks=pytest.mark.slow)])
def test_every_level_takes_small_and_large_images(
    family: str, level: int, channels: int, height: int, width: int
) -> None:
    with torch.inference_mode():
        logits = build(family, level, channels=channels, classes=4)(torch.rand(2, channels, height, width))
    assert logits.shape == (2, 4)
    assert bool(logits.isfinite().all())


@pytest.mark.slow
def test_the_network_normalises_raw_pixels_itself() -> None:
    torch.manual_seed(0)
    network = build_network("resnet", 1, channels=3, classes=2, mean=[0.5, 0.4, 0.3], std=[0.1, 0.2, 0.3]).eval()
    pixels = torch.rand(2, 3, 8, 8)
    expected = (pixels - torch.tensor([0.5, 0.4, 0.3]).reshape(1, 3, 1, 1)) / torch.tensor([0.1, 0.2, 0.3]).reshape(
        1, 3, 1, 1
    )
    torch.testing.assert_close(network[0](pixels), expected)


def test_an_unknown_family_or_level_names_what_there_is() -> None:
    with pytest.raises(UsageError, match="one of resnet, densenet"):
        build("vgg", 1)
    with pytest.raises(UsageError, match="1 to 5"):
        build("resnet", 6)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "level"), [("resnet", 2), ("densenet", 2)])
def test_a_network_exports_to_onnx_with_a_dynamic_batch(
    family: str, level: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    import onnx
    import onnxruntime

    torch.manual_seed(0)
    network = build(family, level)
    batch = torch.export.Dim("batch", min=1, max=4096)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns about its own deprecated calls
        torch.onnx.export(
            network,
            (torch.rand(2, 1, 8, 8),),
            str(tmp_path / "model.onnx"),
            dynamo=True,
            dynamic_shapes=({0: batch},),
            input_names=["input"],
            output_names=["logits"],
            verbose=False,
        )
    operators = {node.op_type for node in onnx.load(str(tmp_path / "model.onnx")).graph.node}
    # Batch norm is folded into the convolutions; else 8-bit inference would convert to float and back around each.
    assert "BatchNormalization" not in operators
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    for size in (1, 5):
        pixels = torch.rand(size, 1, 8, 8)
        with torch.inference_mode():
            expected = network(pixels).numpy()
        found = session.run(None, {"input": pixels.numpy()})[0]
        assert found == pytest.approx(expected, abs=1e-4)
