"""`write_digits`: scikit-learn's digits as an image folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from milonga.components.ingestion import write_digits
from milonga.errors import DataError


def test_the_digits_are_those_of_scikit_learn_scaled_to_255(tmp_path: Path) -> None:
    assert write_digits(tmp_path / "digits") == 1797
    digits = load_digits()
    for index in (0, 41, 1796):
        image = Image.open(tmp_path / "digits" / str(digits.target[index]) / f"{index:04d}.png")
        assert image.mode == "L"
        assert np.abs(np.asarray(image) - digits.images[index] * 255 / 16).max() <= 0.5
    assert len(list((tmp_path / "digits").glob("*/*.png"))) == 1797


def test_the_bytes_are_the_same_everywhere_and_a_second_call_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "digits"
    write_digits(folder)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.glob("*/*.png"))}
    digest = hashlib.sha256(b"".join(content for content, _ in before.values())).hexdigest()
    assert digest == "380c1b4a184aa18b1815b9f873ad565413e60d0133f798adfafc08b608afe7bb"
    assert write_digits(folder) == 1797
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.glob("*/*.png"))}
    assert [path.name for path in folder.parent.iterdir()] == ["digits"]


@pytest.mark.parametrize("change", ["more", "less", "other", "foreign"])
def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "digits"
    if change == "foreign":
        folder.mkdir()
        (folder / "thesis.tex").write_text("mine")
    else:
        write_digits(folder)
        victim = next((folder / "3").iterdir())
        if change == "more":
            (folder / "10").mkdir()
            (folder / "10" / "x.png").write_bytes(b"x")
        elif change == "less":
            victim.unlink()
        else:
            victim.write_bytes(b"x")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(DataError) as caught:
        write_digits(folder)
    assert caught.value.code == "E514"
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert write_digits(tmp_path) == 1797
