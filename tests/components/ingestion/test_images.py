"""`ingest_images`: from an image folder to frozen splits."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from milonga.components.contracts import DataSplits
from milonga.components.contracts.dataset_description import split_names
from milonga.components.ingestion import ingest_images
from milonga.errors import DataError


def make_folder(folder: Path, *, per_class: int = 40, classes: tuple[str, ...] = ("cat", "dog")) -> Path:
    random = np.random.default_rng([ord(letter) for letter in folder.name])
    for label in classes:
        (folder / label).mkdir(parents=True)
        for index in range(per_class):
            pixels = random.integers(0, 256, size=(6, 5), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{index:03d}.png")
    return folder


def read_all(data: DataSplits) -> dict[bytes, tuple[str, int]]:
    found = {}
    for name in split_names():
        x, y = data.load_split(name)
        found.update({row.tobytes(): (name, int(label)) for row, label in zip(x, y, strict=True)})
    return found


def refused(source: Path, **settings: object) -> DataError:
    with pytest.raises(DataError) as caught:
        ingest_images(str(source), **settings)  # type: ignore[arg-type]
    return caught.value


def test_every_image_lands_in_one_split_with_its_own_pixels_and_label(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    data = ingest_images(str(folder))
    description = data.validate()

    assert (description.classes, description.source, description.kind) == (("cat", "dog"), "pets", "image")
    assert sum(description.splits.values()) == 80
    found = read_all(data)
    for path in folder.rglob("*.png"):
        pixels = np.asarray(Image.open(path))
        assert found[pixels.tobytes()][1] == ["cat", "dog"].index(path.parent.name)
    x, y = data.load_split("train")
    assert (x.shape[1:], x.dtype, y.dtype) == ((6, 5, 1), np.uint8, np.int64)
    assert sorted(path.name for path in data.path.iterdir()) == ["dataset.json", "test", "train", "validation"]


def test_the_same_folder_gives_the_same_bytes_whatever_the_files_are_called(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    first = ingest_images(str(folder))
    for label in ("cat", "dog"):
        for path in sorted((folder / label).glob("*.png"), reverse=True):
            path.rename(path.with_name(f"{999 - int(path.stem)}.png"))
    second = ingest_images(str(folder))

    for path in sorted(first.path.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (second.path / path.relative_to(first.path)).read_bytes(), path.name


def test_new_images_never_move_an_old_one_to_another_split(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    before = read_all(ingest_images(str(folder)))
    extra = make_folder(tmp_path / "extra", classes=("dog", "eel"), per_class=30)
    shutil.copytree(
        extra, folder, dirs_exist_ok=True, copy_function=lambda a, b: shutil.copy(a, b.replace(".png", "x.png"))
    )
    after = read_all(ingest_images(str(folder)))

    assert len(after) == len(before) + 60
    assert {key: after[key][0] for key in before} == {key: split for key, (split, _) in before.items()}


def test_the_shares_are_kept_and_another_seed_splits_otherwise(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets", per_class=300)
    first = ingest_images(str(folder), validation_share=0.2, test_share=0.3)
    assert first.read().splits["validation"] == pytest.approx(120, abs=30)
    assert first.read().splits["test"] == pytest.approx(180, abs=36)
    second = ingest_images(str(folder), validation_share=0.2, test_share=0.3, seed=1)
    assert first.read().digest == second.read().digest
    assert read_all(first) != read_all(second)


def test_equal_images_land_in_one_split(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    for path in sorted((folder / "cat").glob("*.png")):
        Image.open(path).save(path.with_suffix(".bmp"))  # other bytes, the same pixels
    data = ingest_images(str(folder))
    splits: dict[bytes, set[str]] = {}
    for name in split_names():
        for row in data.load_split(name)[0]:
            splits.setdefault(row.tobytes(), set()).add(name)
    assert len(splits) == 80 and all(len(names) == 1 for names in splits.values())


def test_grey_is_chosen_only_when_all_images_are_grey(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    assert ingest_images(str(folder)).read().sample_shape == (6, 5, 1)
    Image.new("RGB", (5, 6), (200, 30, 10)).save(folder / "cat" / "red.png")
    assert ingest_images(str(folder)).read().sample_shape == (6, 5, 3)
    assert ingest_images(str(folder), channels="grey").read().sample_shape == (6, 5, 1)


def test_nested_folders_count_hidden_files_do_not_and_other_files_are_recorded(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    (folder / "cat" / "2024" / "may").mkdir(parents=True)
    (folder / "cat" / "000.png").rename(folder / "cat" / "2024" / "may" / "a.PNG")
    (folder / "cat" / ".trash.png").write_bytes(b"no image")
    (folder / ".git").mkdir()
    (folder / "dog" / "notes.txt").write_text("barks")
    (folder / "README").write_text("pets")
    data = ingest_images(str(folder))
    assert sum(data.read().splits.values()) == 80
    assert data.read().skipped == {"": 1, ".txt": 1}
    assert json.loads((data.path / "dataset.json").read_text())["skipped"] == {"": 1, ".txt": 1}


def test_images_of_different_sizes_need_an_explicit_size(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    Image.new("L", (9, 9), 3).save(folder / "dog" / "big.png")
    error = refused(folder)
    assert error.code == "E505"
    assert "'dog/big.png'" in error.got and "9 x 9" in error.got and "6 x 5" in error.expected
    assert "height and width" in error.hint
    data = ingest_images(str(folder), height=4, width=8)
    assert data.load_split("train")[0].shape[1:] == (4, 8, 1)


def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    upright = Image.new("L", (8, 16), 0)
    upright.paste(255, (0, 0, 8, 8))  # white on top
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    for path in folder.rglob("*.png"):
        path.unlink()
    for label in ("cat", "dog"):
        for index in range(20):
            turned = upright.transpose(Image.Transpose.ROTATE_90).point(lambda value, step=index: max(0, value - step))
            turned.save(folder / label / f"{index}.jpg", exif=exif, quality=95)
    x, _ = ingest_images(str(folder)).load_split("train")
    assert x.shape[1:] == (16, 8, 1)
    assert x[0, :8].mean() > 200 and x[0, 8:].mean() < 20


@pytest.mark.parametrize(
    ("damage", "code", "says"),
    [
        (lambda folder: shutil.rmtree(folder), "E500", "does not exist"),
        (lambda folder: (shutil.rmtree(folder), folder.write_text("x")), "E501", "not a folder"),
        (lambda folder: [shutil.rmtree(folder / name) for name in ("cat", "dog")], "E502", "no class folder"),
        (lambda folder: shutil.rmtree(folder / "dog"), "E502", "'cat'"),
        (lambda folder: shutil.copy(folder / "cat" / "001.png", folder / "stray.png"), "E502", "stray.png"),
        (lambda folder: (folder / "eel").mkdir(), "E503", "'eel'"),
        (lambda folder: (folder / "cat" / "x.png").write_bytes(b""), "E504", "cat/x.png"),
        (lambda folder: (folder / "cat" / "x.png").write_text("<html>"), "E504", "cat/x.png"),
        (lambda folder: Image.new("RGBA", (5, 6), (1, 2, 3, 9)).save(folder / "cat" / "x.png"), "E515", "transparent"),
        (lambda folder: Image.new("I;16", (5, 6), 9).save(folder / "cat" / "x.png"), "E515", "I;16"),
        (
            lambda folder: Image.new("L", (5, 6)).save(
                folder / "cat" / "x.gif", save_all=True, append_images=[Image.new("L", (5, 6), 9)]
            ),
            "E515",
            "frames",
        ),
    ],
)
def test_a_broken_folder_gives_one_clear_error(tmp_path: Path, damage: object, code: str, says: str) -> None:
    folder = make_folder(tmp_path / "pets")
    damage(folder)  # type: ignore[operator]
    error = refused(folder)
    assert error.code == code
    assert says in str(error)


@pytest.mark.parametrize("lost", [12, 20, 40])
def test_a_truncated_png_is_named_and_nothing_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    folder = make_folder(tmp_path / "pets")
    for victim in ("cat/007.png", "dog/011.png"):
        whole = (folder / victim).read_bytes()
        (folder / victim).write_bytes(whole[: len(whole) - lost])
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(tmp_path / "out"))
    error = refused(folder)
    assert error.code == "E504"
    assert error.where.endswith("cat/007.png")
    assert "cat/007.png" in error.message and "dog/011.png" in error.got
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_truncated_jpeg_is_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    Image.effect_noise((64, 64), 60).resize((5, 6)).save(folder / "cat" / "x.jpg")
    Image.effect_noise((5, 600), 60).save(folder / "cat" / "y.jpg")
    whole = (folder / "cat" / "y.jpg").read_bytes()
    (folder / "cat" / "y.jpg").write_bytes(whole[: len(whole) // 2])
    error = refused(folder, height=6, width=5)
    assert error.code == "E504" and "cat/y.jpg" in error.message


def test_a_split_without_a_class_in_train_is_an_error(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    make_folder(tmp_path / "few", classes=("eel",), per_class=1)
    shutil.copytree(tmp_path / "few" / "eel", folder / "eel")
    codes = set()
    for seed in range(12):
        try:
            ingest_images(str(folder), seed=seed, validation_share=0.3, test_share=0.3)
        except DataError as error:
            codes.add(error.code)
            assert "train" in error.message and "'eel'" in error.got
    assert codes == {"E508"}


def test_too_few_images_and_meaningless_settings_are_errors(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets", per_class=4)
    error = refused(folder)
    assert (error.code, error.got) == ("E506", "8")
    assert refused(folder, height=8).code == "E509"
    assert refused(folder, validation_share=0.5, test_share=0.5).code == "E509"
    assert refused(folder, test_share=0.0).code == "E509"


def test_a_class_name_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    (folder / "cat").rename(os.fsdecode(os.fsencode(folder) + b"/caf\xe9"))
    error = refused(folder)
    assert error.code == "E502" and "UTF-8" in error.message


def test_a_folder_that_links_to_itself_is_read_once(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "pets")
    (folder / "cat" / "again").symlink_to(folder / "cat")
    make_folder(tmp_path / "more", classes=("dog",), per_class=5)
    (folder / "dog" / "more").symlink_to(tmp_path / "more" / "dog")
    counts = ingest_images(str(folder)).read().class_counts
    assert {label: sum(counts[name][label] for name in counts) for label in ("cat", "dog")} == {"cat": 40, "dog": 45}
