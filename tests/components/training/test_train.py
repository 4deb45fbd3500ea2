import json
import os
import subprocess
import sys

import pytest
import torch

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.trained_model import TrainedModel
from milonga.components.training import train
from milonga.components.training.adamw import AdamW
from milonga.components.training.augmentation import augment
from milonga.components.training.fitting import evaluate, learning_rate_at
from milonga.components.training.networks import build_network
from milonga.components.training.stored_network import load_network
from milonga.errors import DataError, DeviceError, UsageError


def files(model: TrainedModel) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(model.path.iterdir())}


@pytest.mark.slow
def test_level_2_reaches_97_percent_of_the_test_digits(digits: DataSplits) -> None:
    model, accuracy = train(digits, threads=1)
    _, test_accuracy = evaluate(load_network(model), *digits.load_split("test"))
    assert test_accuracy >= 0.97
    assert accuracy >= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("family", ["resnet", "densenet"])
def test_the_reported_accuracy_is_that_of_the_weights_that_were_kept(few_digits: DataSplits, family: str) -> None:
    # So high a learning rate makes a later epoch worse than the best.
    model, accuracy = train(few_digits, family=family, level=1, epochs=5, learning_rate=0.3, augment="none")  # type: ignore[arg-type]
    description = model.read()
    assert accuracy == max(record.validation_accuracy for record in description.history)
    loss, measured = evaluate(load_network(model), *few_digits.load_split("validation"))
    assert measured == accuracy
    best = min(record.validation_loss for record in description.history if record.validation_accuracy == accuracy)
    assert loss == pytest.approx(best, rel=1e-4)


def test_the_model_says_how_it_came_about(few_digits: DataSplits) -> None:
    model, _ = train(few_digits, level=1, epochs=2, seed=5)
    description = model.read()
    assert description.dataset_digest == few_digits.read().digest
    assert description.classes == ("0", "1", "2", "3")
    assert description.seed == 5
    assert [record.epoch for record in description.history] == [1, 2]
    assert description.parameter_count == sum(item.numel() for item in load_network(model).parameters())
    x, _ = few_digits.load_split("train")
    assert description.mean[0] == pytest.approx((x / 255.0).mean(), rel=1e-6)
    assert description.std[0] == pytest.approx((x / 255.0).std(), rel=1e-6)


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(few_digits: DataSplits) -> None:
    first, second, other = (train(few_digits, level=1, epochs=2, augment="flip", seed=seed)[0] for seed in (0, 0, 1))
    assert files(first) == files(second)
    assert files(first)["weights.safetensors"] != files(other)["weights.safetensors"]


def test_training_leaves_the_random_state_and_the_threads_of_its_process_alone(few_digits: DataSplits) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    train(few_digits, level=1, epochs=1, threads=1)
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


def test_each_epoch_is_one_line_of_key_value_pairs(few_digits: DataSplits, capsys: pytest.CaptureFixture[str]) -> None:
    model, _ = train(few_digits, level=1, epochs=3)
    lines = [dict(pair.split("=") for pair in line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line["epoch"] for line in lines] == ["1", "2", "3"]
    last = model.read().history[-1]
    assert float(lines[-1]["validation_loss"]) == pytest.approx(last.validation_loss, rel=1e-4)


def test_hyperparameters_come_before_the_named_arguments(few_digits: DataSplits) -> None:
    # 16.0: numbers that passed through KFP's Struct are floats.
    given = {"batch_size": 16.0, "augment": "none"}
    model, _ = train(few_digits, level=1, epochs=1, batch_size=32, hyperparameters=given)
    kept = model.read().hyperparameters
    assert (kept["batch_size"], kept["augment"], kept["epochs"]) == (16, "none", 1)


def test_an_unknown_hyperparameter_is_refused_with_the_nearest_name(few_digits: DataSplits) -> None:
    with pytest.raises(UsageError, match="did you mean 'learning_rate'") as reason:
        train(few_digits, hyperparameters={"learning_rat": 1e-3})
    assert reason.value.code == "E960"


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"batch_size": 2.5},
        {"learning_rate": -1.0},
        {"learning_rate": float("nan")},
        {"label_smoothing": 1.0},
        {"augment": "mixup"},
        {"epochs": True},
        {"learning_rate": None},
    ],
)
def test_a_wrong_value_is_refused(few_digits: DataSplits, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))) as reason:
        train(few_digits, hyperparameters=wrong)
    assert reason.value.code == "E961"


def test_a_training_that_diverges_is_an_error_that_names_the_epoch(few_digits: DataSplits) -> None:
    # AdamW multiplies the weights by 1 - 10 x 10 in each step.
    wild = {"learning_rate": 10.0, "weight_decay": 10.0, "batch_size": 8}
    with pytest.raises(DataError, match=r"epoch \d of 5") as reason:
        train(few_digits, level=1, epochs=5, hyperparameters=wild)
    assert reason.value.code == "E553"


def test_a_batch_larger_than_the_data_and_a_rest_of_one_sample_both_train(few_digits: DataSplits) -> None:
    count = few_digits.read().splits["train"]
    for batch_size in (count + 1, count - 1):
        _, accuracy = train(few_digits, level=1, epochs=1, batch_size=batch_size)
        assert 0 <= accuracy <= 1


def test_a_table_is_refused_with_the_way_out(wine: DataSplits) -> None:
    with pytest.raises(DataError, match="use train_table") as reason:
        train(wine)
    assert reason.value.code == "E550"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_is_refused_where_there_is_none(few_digits: DataSplits) -> None:
    with pytest.raises(DeviceError) as reason:
        train(few_digits, device="cuda")
    assert reason.value.code == "E690"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_trains_as_well_as_the_cpu(digits: DataSplits) -> None:
    _, accuracy = train(digits, device="cuda")
    assert accuracy >= 0.96


@pytest.mark.slow  # torch's own optimiser takes seconds to import
def test_the_optimiser_takes_the_steps_that_torch_s_own_takes() -> None:
    torch.manual_seed(0)
    ours, theirs = (build_network("resnet", 1, channels=1, classes=3, mean=[0.0], std=[1.0]) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    groups = [
        {"params": [item for item in theirs.parameters() if item.ndim > 1], "weight_decay": 0.1},
        {"params": [item for item in theirs.parameters() if item.ndim <= 1], "weight_decay": 0.0},
    ]
    reference = torch.optim.AdamW(groups)
    optimiser = AdamW(ours.parameters(), weight_decay=0.1)
    for step in range(5):
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.clone()
        rate = 0.01 * (step + 1)
        for group in reference.param_groups:
            group["lr"] = rate
        reference.step()
        optimiser.step(rate)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


@pytest.mark.slow  # a fresh process
def test_a_training_does_not_import_torch_s_compiler(few_digits: DataSplits) -> None:
    code = (
        "import sys\n"
        "from milonga.components.contracts.data_splits import DataSplits\n"
        "from milonga.components.training import train\n"
        f"train(DataSplits.at({str(few_digits.path)!r}), level=1, epochs=1)\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_the_learning_rate_rises_and_then_falls_to_zero() -> None:
    rates = [learning_rate_at(step, steps=100, peak=2.0) for step in range(100)]
    assert rates[:10] == sorted(rates[:10])
    assert max(rates) == 2.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.0, abs=1e-12)
    assert learning_rate_at(0, steps=1, peak=2.0) == 2.0


def test_a_shift_moves_each_image_by_at_most_an_eighth_and_repeats_its_border() -> None:
    x = torch.arange(64.0).reshape(1, 1, 8, 8).repeat(200, 1, 1, 1)
    moved = augment(x, kind="shift", generator=torch.Generator().manual_seed(0))
    offsets = {(int(image[0, 4, 4] // 8) - 4, int(image[0, 4, 4] % 8) - 4) for image in moved}
    assert offsets == {(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)}
    up = next(image[0] for image in moved if int(image[0, 4, 4]) == 44)  # row 5, column 4
    assert torch.equal(up[:7], x[0, 0, 1:])
    assert torch.equal(up[7], x[0, 0, 7])


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    x = torch.arange(64.0).reshape(1, 1, 8, 8).repeat(400, 1, 1, 1)
    moved = augment(x, kind="flip", generator=torch.Generator().manual_seed(0))
    mirrored = sum(int(image[0, 4, 3] > image[0, 4, 4]) for image in moved)
    assert 150 < mirrored < 250


def test_model_json_is_canonical(few_digits: DataSplits) -> None:
    text = (train(few_digits, level=1, epochs=1)[0].path / "model.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
