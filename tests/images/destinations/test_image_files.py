"""Layouts and archives on this machine: whole or not at all, and nobody else's files are touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_reading import ReadImage

from milonga.errors import MilongaError, UsageError
from milonga.images import ImageRecipe, ImageReference, build_image
from milonga.images.destinations.archive_file import ArchiveFile
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.layers.addition import Addition


def recipe_of(project: Path, destination: str = "/app", base: str = "scratch") -> ImageRecipe:
    return ImageRecipe(base=base, additions=[Addition(project, destination)])


def test_a_layout_takes_several_images_and_replaces_those_of_the_same_name(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    for name, place in (("a/x:1", "/1"), ("a/x:2", "/2"), ("b/x:1", "/3"), ("a/x:1", "/4")):
        build_image(recipe_of(project, place), LayoutFolder(folder, ImageReference.parse(name)))
    image = ReadImage(folder)
    names = [entry["annotations"]["io.containerd.image.name"] for entry in image.index["manifests"]]
    assert names == ["docker.io/a/x:2", "docker.io/b/x:1", "docker.io/a/x:1"]
    assert "4/run.sh" in image.layers[-1]
    build_image(recipe_of(project, "/5"), LayoutFolder(folder))
    build_image(recipe_of(project, "/6"), LayoutFolder(folder))
    assert len(ReadImage(folder).index["manifests"]) == 4


def test_a_base_is_chosen_by_name_where_there_are_several(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    made = [
        build_image(recipe_of(project, place), LayoutFolder(folder, ImageReference.parse(name)))
        for name, place in (("a/x:1", "/1"), ("a/x:2", "/2"))
    ]
    for name, base in (("1", made[0]), ("docker.io/a/x:2", made[1])):
        on_top = build_image(recipe_of(project, "/top", f"oci:{folder}:{name}"), LayoutFolder(tmp_path / "top"))
        assert on_top.base_digest == base.digest
    for wrong in (f"oci:{folder}", f"oci:{folder}:3"):
        with pytest.raises(UsageError, match="E982") as caught:
            build_image(recipe_of(project, "/top", wrong), LayoutFolder(tmp_path / "top"))
        assert "docker.io/a/x:1" in caught.value.got


def test_what_is_no_layout_is_left_alone(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for destination in (LayoutFolder(project), LayoutFolder(tmp_path / "file"), ArchiveFile(project)):
        with pytest.raises(UsageError, match="E988"):
            build_image(recipe_of(project), destination)
    assert (tmp_path / "file").read_text() == "mine" and (project / "run.sh").exists()


def test_an_archive_that_is_there_is_replaced_only_by_a_whole_one(
    project: Path, base_layout: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "image.tar"
    archive.write_text("before")
    layer = ReadImage(base_layout).manifest["layers"][0]["digest"].partition(":")[2]
    (base_layout / "blobs" / "sha256" / layer).write_bytes(b"damaged")
    for destination in (ArchiveFile(archive), LayoutFolder(tmp_path / "layout")):
        with pytest.raises(MilongaError, match="E981"):
            build_image(recipe_of(project, base=str(base_layout)), destination)
    assert archive.read_text() == "before"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"image.tar", "project", "base", "base-files", "docker-config"}


def test_a_link_is_followed_to_the_archive(project: Path, tmp_path: Path) -> None:
    (tmp_path / "link.tar").symlink_to("real.tar")
    (tmp_path / "real.tar").touch()
    build_image(recipe_of(project), ArchiveFile(tmp_path / "link.tar"))
    assert (tmp_path / "link.tar").is_symlink() and ReadImage(tmp_path / "real.tar").digest
