"""Images are built from a base and one layer, the same ones from the same input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from image_reading import ReadImage

from milonga.errors import UsageError
from milonga.images import BuiltImage, ImageRecipe, Platform, build_image
from milonga.images.destinations.archive_file import ArchiveFile
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.layers.addition import Addition

Built = Callable[..., BuiltImage]


def test_an_image_is_the_base_with_one_layer_and_settings_more(
    project: Path, base_layout: Path, tmp_path: Path, built: Built
) -> None:
    made = built(
        tmp_path / "out",
        project,
        base=f"oci:{base_layout}",
        workdir="/app",
        environment={"ZULU": "z", "PATH": "/app:/bin", "ALPHA": "a=b"},
        entrypoint=["python", "-m", "app"],
    )
    base, image = ReadImage(base_layout), ReadImage(tmp_path / "out")
    assert image.digest == made.digest and made.base_digest == base.digest
    assert image.manifest["layers"][:-1] == base.manifest["layers"]
    assert image.config["config"] == {
        "Env": ["PATH=/app:/bin", "PYTHON_VERSION=3.11.9", "ALPHA=a=b", "ZULU=z"],
        "WorkingDir": "/app",
        "Entrypoint": ["python", "-m", "app"],
    }
    assert image.config["created"] == "1970-01-01T00:00:00Z" and len(image.config["history"]) == 2
    assert image.text("app/src/app/main.py") == "print('hello')\n"
    assert image.entry["platform"] == {"os": "linux", "architecture": "amd64"}


def test_the_same_input_gives_the_same_digest_whatever_the_base_came_from(
    project: Path, base_layout: Path, tmp_path: Path, built: Built
) -> None:
    once = built(tmp_path / "once", project, base=f"oci:{base_layout}")
    (project / "src/app/main.py").touch()
    build_image(
        ImageRecipe(base=str(base_layout), additions=[Addition(project, "/x")]), ArchiveFile(tmp_path / "o.tar")
    )
    again = built(tmp_path / "again", project, base=str(base_layout))
    assert again == once
    assert (tmp_path / "once/index.json").read_bytes() == (tmp_path / "again/index.json").read_bytes()


def test_the_arguments_of_the_base_go_with_its_entry_point(project: Path, tmp_path: Path, built: Built) -> None:
    built(tmp_path / "base", project)
    layout = ReadImage(tmp_path / "base")
    config = {**layout.config, "config": {"Cmd": ["old"], "Entrypoint": ["older"]}}
    from milonga.images.image_config import ImageSettings, config_with_layer

    kept = json.loads(config_with_layer(config, ImageSettings(), diff_id="sha256:x"))["config"]
    new = json.loads(config_with_layer(config, ImageSettings(entrypoint=["new"]), diff_id="sha256:x"))["config"]
    assert kept == {"Cmd": ["old"], "Entrypoint": ["older"]} and new == {"Entrypoint": ["new"]}


def test_an_archive_is_the_same_file_each_time_and_a_base_again(project: Path, tmp_path: Path) -> None:
    recipe = ImageRecipe(
        base="scratch", additions=[Addition(project, "/app")], platform=Platform.parse("linux/arm64/v8")
    )
    for name in ("one.tar", "two.tar"):
        build_image(recipe, ArchiveFile(tmp_path / name))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    image = ReadImage(tmp_path / "one.tar")
    listed = json.loads(image.files["manifest.json"])
    assert [name in image.files for name in (listed[0]["Config"], *listed[0]["Layers"])] == [True, True]
    for base in (f"{tmp_path}/one.tar", f"oci-archive:{tmp_path}/one.tar", f"docker-archive:{tmp_path}/one.tar"):
        on_top = ImageRecipe(base=base, additions=[Addition(project, "/more")], platform=Platform.parse("linux/arm64"))
        made = build_image(on_top, LayoutFolder(tmp_path / "top"))
        assert made.platform == "linux/arm64/v8"
        assert ReadImage(tmp_path / "top").manifest["layers"][0] == image.manifest["layers"][0]


def test_nothing_is_written_when_something_is_wrong(project: Path, tmp_path: Path) -> None:
    (project / "out").symlink_to("/etc/hostname")
    wrong = [
        ImageRecipe(base="scratch"),
        ImageRecipe(base="scratch", additions=[Addition(project, "/app")]),
        ImageRecipe(base="scratch", with_milonga=True, workdir="app"),
        ImageRecipe(base="scratch", with_milonga=True, environment={"A=B": ""}),
        ImageRecipe(base=str(project / "not-there"), with_milonga=True),
        ImageRecipe(base="scratch", requirements=project / "run.sh"),
    ]
    for recipe in wrong:
        for destination in (LayoutFolder(tmp_path / "out"), ArchiveFile(tmp_path / "out.tar")):
            with pytest.raises(UsageError):
                build_image(recipe, destination)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docker-config", "project"]
