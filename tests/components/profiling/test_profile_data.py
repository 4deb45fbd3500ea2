"""`profile_data`: numbers and a page that a person can trust."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from milonga.components.contracts import DataSplits
from milonga.components.ingestion import ingest_images, ingest_table
from milonga.components.profiling import profile_data
from milonga.errors import DataError

HOSTILE = '<script>alert("1")</script>&'


class Page(HTMLParser):
    """Collects tags, attributes and text, and checks that elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def make_images(folder: Path) -> DataSplits:
    random = np.random.default_rng(0)
    for label, count, level in (("dark", 160, 40), ("light", 30, 200)):
        (folder / label).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(level - 20, level + 20, (6, 6), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{index}.png")
    (folder / "light" / "notes.txt").write_text("x")
    return ingest_images(str(folder))


def make_table(path: Path) -> DataSplits:
    random = np.random.default_rng(4)
    kind = random.choice([HOSTILE, "b"], 200)
    rows = {"n": random.normal(size=200), "leak": (kind == "b") * 3.0, "same": np.ones(200), "kind": kind}
    rows[f"f{HOSTILE}"] = random.integers(0, 5, 200).astype(float)
    np.savez(path, **rows)
    return ingest_table(str(path), target="kind")


def test_the_numbers_of_images_are_those_of_their_pixels(tmp_path: Path) -> None:
    data = make_images(tmp_path / "pictures")
    statistics = profile_data(data).statistics.read_json()
    x, _ = data.load_split("train")
    means = x.reshape(len(x), -1).mean(axis=1) / 255
    found = statistics["images"]["train"]
    assert found["brightness_mean"] == pytest.approx(means.mean(), rel=1e-5)
    assert found["brightness_std"] == pytest.approx(means.std(), rel=1e-5)
    assert found["contrast_mean"] == pytest.approx((x.reshape(len(x), -1) / 255).std(axis=1).mean(), rel=1e-5)
    assert found["brightness_histogram"] == np.histogram(means, bins=16, range=(0, 1))[0].tolist()
    assert statistics["class_counts"] == data.read().class_counts
    assert statistics["format"] == "milonga.profile/1" and statistics["dataset_digest"] == data.read().digest


def test_imbalance_skipped_files_and_wrong_labels_are_warned_of(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    make_images(folder)
    for index in range(3):
        (folder / "light" / f"copy{index}.png").write_bytes((folder / "dark" / f"{index}.png").read_bytes())
    profile = profile_data(ingest_images(str(folder)))
    statistics = profile.statistics.read_json()
    assert statistics["duplicates"] == {"repeated": 3, "conflicting": 3, "across_splits": 0}
    warnings = " ".join(statistics["warnings"])
    assert "imbalanced" in warnings and "different labels" in warnings and "1 x '.txt'" in warnings
    assert profile.statistics.metadata["warnings"] == statistics["warnings"]
    text = Page(profile.page.read_text()).text
    assert all(warning in text for warning in statistics["warnings"])


def test_clean_and_balanced_data_raises_no_warning(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    x = random.normal(size=(300, 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=x, y=(x[:, 0] + random.normal(size=300) > 0).astype(int))
    profile = profile_data(ingest_table(str(tmp_path / "a.npz"), target="y"))
    assert profile.statistics.read_json()["warnings"] == []


def test_a_feature_that_gives_the_class_away_and_one_that_says_nothing_are_named(tmp_path: Path) -> None:
    data = make_table(tmp_path / "a.npz")
    statistics = profile_data(data).statistics.read_json()
    features = {feature["name"]: feature for feature in statistics["features"]}
    x, y = data.load_split("train")
    position = [feature.name for feature in data.read().features].index("n")
    assert features["n"]["median"] == pytest.approx(float(np.median(x[:, position])))
    assert features["n"]["std"] == pytest.approx(float(x[:, position].std()), rel=1e-5)
    test = data.load_split("test")[0][:, position]
    assert features["n"]["test_shift"] == pytest.approx(
        (test.mean() - x[:, position].mean()) / x[:, position].std(), rel=1e-4
    )
    values = x[:, position].astype(float)
    within = sum(((values[y == label] - values[y == label].mean()) ** 2).sum() for label in (0, 1))
    assert features["n"]["between_classes"] == pytest.approx(1 - within / ((values - values.mean()) ** 2).sum())
    assert features["leak"]["between_classes"] == pytest.approx(1)
    warnings = " ".join(statistics["warnings"])
    assert "read off 'leak'" in warnings and "'same' never changes" in warnings and "'n'" not in warnings


def test_samples_in_two_splits_are_warned_of(tmp_path: Path) -> None:
    """Rows that differ only in a missing value become equal when it is filled."""
    lines = ["a,b,kind"] + [f"{index % 3},{'' if index % 2 else 1},{'x' if index % 3 else 'y'}" for index in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    for seed in range(20):
        try:
            data = ingest_table(str(tmp_path / "a.csv"), target="kind", missing="median", seed=seed, test_share=0.4)
        except DataError:
            continue
        statistics = profile_data(data).statistics.read_json()
        if statistics["duplicates"]["across_splits"]:
            assert "more than one split" in statistics["warnings"][0]
            return
    pytest.fail("no seed put equal rows into two splits")


def test_the_page_is_self_contained_and_takes_names_as_text(tmp_path: Path) -> None:
    table = Page(profile_data(make_table(tmp_path / "a.npz")).page.read_text())
    assert "script" not in table.tags
    assert f"f{HOSTILE}" in table.text and HOSTILE in table.text
    images = Page(profile_data(make_images(tmp_path / "pictures")).page.read_text())
    sources = [value for name, value in images.attributes if name in ("src", "href")]
    assert len(sources) == 16 and all(str(value).startswith("data:image/png;base64,") for value in sources)
    for page in (table, images):
        assert not {"script", "link", "iframe", "object"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    data = make_images(tmp_path / "pictures")
    first, second = profile_data(data), profile_data(data)
    assert first.page.path.read_bytes() == second.page.path.read_bytes()
    assert first.statistics.path.read_bytes() == second.statistics.path.read_bytes()


def test_data_that_was_altered_is_refused(tmp_path: Path) -> None:
    data = make_images(tmp_path / "pictures")
    x = np.load(data.path / "train/x.npy")
    np.save(data.path / "train/x.npy", 255 - x)
    with pytest.raises(DataError, match="E525"):
        profile_data(data)
    (data.path / "dataset.json").write_text(json.dumps({}))
    with pytest.raises(DataError, match="E522"):
        profile_data(data)
