"""The contract `DataSplits`, written and read."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milonga.components.contracts import DataSplits
from milonga.components.contracts.dataset_description import DatasetDescription, ImageForm, SplitRule, split_names
from milonga.components.contracts.dataset_digest import assign_split, digest_of, fingerprints
from milonga.errors import DataError


def make_data(folder: Path) -> DataSplits:
    folder.mkdir()
    data = DataSplits.at(folder)
    random = np.random.default_rng(1)
    entries: list[bytes] = []
    sizes = {"train": 6, "validation": 3, "test": 2}
    for name in split_names():
        x = random.integers(0, 256, (sizes[name], 4, 5, 3), dtype=np.uint8)
        y = np.arange(sizes[name], dtype=np.int64) % 2
        data.write_split(name, x, y)
        entries += [key + int(label).to_bytes(8, "big") for key, label in zip(fingerprints(x), y, strict=True)]
    counts = {name: {"a": (size + 1) // 2, "b": size // 2} for name, size in sizes.items()}
    description = DatasetDescription(
        kind="image",
        digest="",
        classes=("a", "b"),
        splits=dict(sizes),
        class_counts=counts,
        split_rule=SplitRule(seed=0, validation=0.2, test=0.2),
        source="here",
        image=ImageForm(4, 5, 3),
    )
    data.write(replace(description, digest=digest_of(description, entries)))
    return data


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    again = DataSplits.at(tmp_path / "data")
    description = again.validate()
    assert description.sample_shape == (4, 5, 3)
    assert description.to_json() == json.loads((tmp_path / "data" / "dataset.json").read_text())
    x, y = again.load_split("validation")
    assert (x.shape, x.dtype, y.tolist()) == ((3, 4, 5, 3), np.uint8, [0, 1, 0])
    assert not x.flags.writeable
    assert data.metadata["digest"] == description.digest


def test_rows_can_be_written_in_another_order_from_a_memory_map(tmp_path: Path) -> None:
    big = np.lib.format.open_memmap(tmp_path / "big.npy", mode="w+", dtype=np.uint8, shape=(40, 1 << 10, 1 << 10, 1))
    big[:, 0, 0, 0] = np.arange(40)
    (tmp_path / "data").mkdir()
    data = DataSplits.at(tmp_path / "data")
    order = np.arange(39, -1, -2)
    data.write_split("train", big, np.arange(40), order=order)
    assert np.load(tmp_path / "data/train/x.npy", mmap_mode="r")[:, 0, 0, 0].tolist() == order.tolist()
    assert np.load(tmp_path / "data/train/y.npy").tolist() == order.tolist()


def test_arrays_of_another_type_are_not_written(tmp_path: Path) -> None:
    data = DataSplits.at(tmp_path)
    for x, y in (
        (np.zeros((3, 2)), np.zeros(3, dtype=np.int64)),
        (np.zeros((3, 2), dtype=np.float32), np.zeros(3, dtype=np.int32)),
        (np.zeros((3, 2), dtype=np.float32), np.zeros(2, dtype=np.int64)),
    ):
        with pytest.raises(DataError, match="E524"):
            data.write_split("train", x, y)
    assert list(tmp_path.iterdir()) == []


def change_json(**changes: Any) -> Any:
    def change(folder: Path) -> None:
        path = folder / "dataset.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def change_array(name: str, make: Any) -> Any:
    def change(folder: Path) -> None:
        np.save(folder / name, make(np.load(folder / name)))

    return change


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda folder: (folder / "dataset.json").unlink(), "E520"),
        (lambda folder: (folder / "dataset.json").write_text("{"), "E521"),
        (change_json(format="milonga.dataset/9"), "E522"),
        (change_json(kind="sound"), "E523"),
        (change_json(classes=["b", "a"]), "E523"),
        (change_json(splits={"train": 7, "validation": 3, "test": 2}), "E523"),
        (change_json(splits={"train": 6, "test": 2}), "E523"),
        (change_json(image={"height": 4, "width": 5, "channels": 2}), "E523"),
        (change_json(image={"height": 5, "width": 4, "channels": 3}), "E524"),
        (change_json(digest="sha256:0"), "E525"),
        (lambda folder: (folder / "test/x.npy").unlink(), "E524"),
        (lambda folder: (folder / "test/x.npy").write_bytes(b"\x93NUMPY"), "E524"),
        (change_array("test/x.npy", lambda x: x.astype(np.int16)), "E524"),
        (change_array("test/y.npy", lambda y: y[:1]), "E524"),
        (change_array("test/y.npy", lambda y: y + 1), "E524"),
        (change_array("test/y.npy", lambda y: y[::-1]), "E525"),
        (change_array("train/y.npy", lambda y: y * 0), "E524"),
        (change_array("train/x.npy", lambda x: 255 - x), "E525"),
    ],
)
def test_a_folder_that_does_not_keep_the_contract_is_refused(tmp_path: Path, damage: Any, code: str) -> None:
    data = make_data(tmp_path / "data")
    damage(data.path)
    with pytest.raises(DataError) as caught:
        data.validate()
    assert caught.value.code == code


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    np.save(data.path / "test/x.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="E524"):
        data.load_split("test")


def test_an_absent_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="E500"):
        DataSplits.at(tmp_path / "nowhere").read()


def test_the_split_of_a_sample_is_frozen_for_ever() -> None:
    """Recorded values: a change of the rule would move everybody's samples."""
    rule = SplitRule(seed=0, validation=0.15, test=0.15)
    keys = [bytes([value]) * 32 for value in range(24)]
    letters = {"train": ".", "validation": "v", "test": "t"}
    assert "".join(letters[assign_split(key, rule)] for key in keys) == "v....v..tt......v.tt.t.."


def test_the_shares_hold_over_many_samples_and_the_test_split_does_not_depend_on_the_validation_share() -> None:
    keys = [index.to_bytes(32, "big") for index in range(20_000)]
    small = [assign_split(key, SplitRule(seed=4, validation=0.1, test=0.2)) for key in keys]
    large = [assign_split(key, SplitRule(seed=4, validation=0.3, test=0.2)) for key in keys]
    assert [name == "test" for name in small] == [name == "test" for name in large]
    shares = {name: count / len(keys) for name, count in Counter(large).items()}
    assert shares == pytest.approx({"train": 0.5, "validation": 0.3, "test": 0.2}, abs=0.015)
