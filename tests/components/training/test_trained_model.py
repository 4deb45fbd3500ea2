import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from milonga.components.contracts.estimator_file import decode_estimator, encode_estimator
from milonga.components.contracts.model_input import ModelInput
from milonga.components.contracts.trained_model import EpochRecord, ModelDescription, TrainedModel
from milonga.components.training.networks import build_network
from milonga.components.training.stored_network import load_network
from milonga.errors import DataError


def description(**changes: Any) -> ModelDescription:
    base = ModelDescription(
        framework="torch",
        family="resnet",
        level=1,
        input=ModelInput(kind="image", height=8, width=8, channels=1),
        classes=("no", "yes"),
        mean=(0.3,),
        std=(0.2,),
        parameter_count=1234,
        hyperparameters={"learning_rate": 0.003, "augment": "none"},
        history=(EpochRecord(1, 0.7, 0.6, 0.5),),
        dataset_digest="sha256:" + "0" * 64,
        seed=0,
    )
    return dataclasses.replace(base, **changes)


def network(level: int = 1) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_network("resnet", level, channels=1, classes=2, mean=[0.3], std=[0.2]).eval()


def written() -> TrainedModel:
    model = TrainedModel.create("model")
    model.write_network(description(), network().state_dict())
    return model


def code_of(reason: pytest.ExceptionInfo[DataError]) -> str:
    return reason.value.code


def test_what_is_written_is_what_is_read() -> None:
    model = written()
    assert model.read() == description()
    pixels = torch.rand(3, 1, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(load_network(model)(pixels), network()(pixels))
    assert sorted(path.name for path in model.path.iterdir()) == ["model.json", "weights.safetensors"]
    assert model.metadata["family"] == "resnet"


def test_the_same_content_gives_the_same_bytes() -> None:
    first, second = written(), written()
    for name in ("model.json", "weights.safetensors"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"level": None}, "level"),
        ({"level": 6}, "level"),
        ({"mean": (0.1, 0.2)}, "mean"),
        ({"std": (0.0,)}, "std"),
        ({"classes": ("only",)}, "classes"),
        ({"classes": ("twice", "twice")}, "classes"),
        ({"parameter_count": 0}, "parameter_count"),
        ({"history": (EpochRecord(2, 0.7, 0.6, 0.5),)}, "history"),
        ({"history": (EpochRecord(1, float("nan"), 0.6, 0.5),)}, "train_loss"),
        ({"framework": "sklearn", "level": None}, "framework"),
    ],
)
def test_a_wrong_description_is_refused_and_nothing_is_written(changes: dict[str, Any], field: str) -> None:
    model = TrainedModel.create("model")
    with pytest.raises(DataError, match=field) as reason:
        model.write_network(description(**changes), network().state_dict())
    assert code_of(reason) == "E543"
    assert list(model.path.iterdir()) == []


def test_weights_with_nan_are_refused_and_nothing_is_written() -> None:
    model = TrainedModel.create("model")
    state = network().state_dict()
    next(iter(state.values())).view(-1)[0] = float("nan")
    with pytest.raises(DataError, match="NaN") as reason:
        model.write_network(description(), state)
    assert code_of(reason) == "E544"
    assert list(model.path.iterdir()) == []


def test_a_field_that_was_changed_by_hand_is_named() -> None:
    model = written()
    path = model.path / "model.json"
    value = json.loads(path.read_text())
    value["input"]["height"] = "eight"
    path.write_text(json.dumps(value))
    with pytest.raises(DataError, match=r"input\.height") as reason:
        model.read()
    assert code_of(reason) == "E543"


@pytest.mark.parametrize(("name", "code"), [("model.json", "E540"), ("weights.safetensors", "E544")])
def test_a_missing_file_is_named(name: str, code: str) -> None:
    model = written()
    (model.path / name).unlink()
    with pytest.raises(DataError, match=name) as reason:
        model.read()
    assert code_of(reason) == code


def test_damaged_weights_are_an_error() -> None:
    model = written()
    path = model.path / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError) as reason:
        load_network(model)
    assert code_of(reason) == "E544"


def test_weights_of_another_network_are_an_error() -> None:
    model = TrainedModel.create("model")
    model.write_network(description(), network(level=2).state_dict())
    with pytest.raises(DataError, match="do not fit") as reason:
        load_network(model)
    assert code_of(reason) == "E546"


def test_a_network_is_no_estimator() -> None:
    with pytest.raises(DataError, match="no estimator"):
        written().read_estimator()


class Stranger:
    """A type that nobody trusts."""

    def __init__(self) -> None:
        self.value = 1


def test_an_estimator_with_a_strange_type_is_neither_written_nor_read(tmp_path: Path) -> None:
    import skops.io

    with pytest.raises(DataError, match="Stranger") as reason:
        encode_estimator({"inside": Stranger()})
    assert code_of(reason) == "E545"
    path = tmp_path / "estimator.skops"
    skops.io.dump({"inside": Stranger()}, path)
    with pytest.raises(DataError, match="Stranger") as reason:
        decode_estimator(path)
    assert code_of(reason) == "E545"


def test_a_damaged_estimator_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "estimator.skops"
    path.write_bytes(b"no archive")
    with pytest.raises(DataError) as reason:
        decode_estimator(path)
    assert code_of(reason) == "E544"
