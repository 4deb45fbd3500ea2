from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from image_reading import ReadImage
from registry_servers import Door, registry

from milonga.images import BuiltImage, ImageRecipe, build_image
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.layers.addition import Addition


@pytest.fixture(scope="session")
def registry_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that is open to everybody."""
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="session")
def guarded_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that asks for a password."""
    with registry(tmp_path_factory.mktemp("guarded"), with_users=True) as host:
        yield host


@pytest.fixture
def door(registry_host: str) -> Iterator[Door]:
    """The open registry behind a door that asks for nothing, yet."""
    with Door(registry_host).opened() as opened:
        yield opened


@pytest.fixture
def other_door(registry_host: str) -> Iterator[Door]:
    """Another host that has the same blobs."""
    with Door(registry_host).opened() as opened:
        yield opened


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Nobody's real log-ins are used; the function writes the configuration of docker."""
    folder = tmp_path / "docker-config"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))

    def write(**config: object) -> Path:
        path = folder / "config.json"
        path.write_text(json.dumps(config))
        return path

    return write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with everything that stays out of images."""
    folder = tmp_path / "project"
    for name, text in {
        "src/app/__init__.py": "",
        "src/app/main.py": "print('hello')\n",
        "src/app/__pycache__/main.cpython-311.pyc": "cached",
        ".git/HEAD": "ref",
        ".venv/bin/python": "python",
        "run.sh": "#!/bin/sh\nexec python -m app\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "run.sh").chmod(0o700)
    (folder / "start").symlink_to("run.sh")
    return folder


@pytest.fixture
def built() -> Callable[..., BuiltImage]:
    """Writes an OCI layout with the files of a folder in /app: `built(layout, folder, base="...")`."""

    def build(layout: Path, source: Path, *, base: str = "scratch", **settings: object) -> BuiltImage:
        recipe = ImageRecipe(base=base, additions=[Addition(source, "/app")], **settings)  # type: ignore[arg-type]
        return build_image(recipe, LayoutFolder(layout))

    return build


@pytest.fixture
def base_layout(tmp_path: Path) -> Path:
    """A base image: one layer with two files, an environment with a Python."""
    files = tmp_path / "base-files"
    (files / "etc").mkdir(parents=True)
    (files / "etc" / "os-release").write_text("ID=small\n")
    (files / "bin").mkdir()
    (files / "bin" / "tool").write_text("#!/bin/sh\n")
    recipe = ImageRecipe(
        base="scratch",
        additions=[Addition(files, "/")],
        environment={"PATH": "/bin", "PYTHON_VERSION": "3.11.9"},
        entrypoint=["/bin/tool"],
    )
    folder = tmp_path / "base"
    build_image(recipe, LayoutFolder(folder))
    return folder


@pytest.fixture
def read_image() -> Callable[[Path], ReadImage]:
    """Reads a layout or an archive with nothing of ours, and checks every digest on the way."""
    return ReadImage
