"""Locked requirements and milonga itself in a layer: for the image's Python, and the same bytes each time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from image_reading import ReadImage
from small_wheels import write_small_wheel

from milonga.errors import UsageError
from milonga.images import BuiltImage, ImageRecipe, build_image
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.packages.lock import Lock
from milonga.images.packages.target_python import TargetPython
from milonga.images.platform import Platform

ROOT = Path(__file__).resolve().parents[3]
INSTALLERS = ("uv", "pip")
Build = Callable[..., ReadImage]


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands for an index; nothing else can be installed."""
    folder = tmp_path / "wheels"
    write_small_wheel(folder, "little_tin", "2.0", requires="little_nail", script=True)
    write_small_wheel(folder, "little_nail", "1.5")
    write_small_wheel(folder, "little_ore", "1.0", tag="cp312-cp312-manylinux_2_17_x86_64")
    for prefix in ("UV", "PIP"):
        monkeypatch.setenv(f"{prefix}_NO_INDEX", "1")
        monkeypatch.setenv(f"{prefix}_FIND_LINKS", str(folder))
    return folder


FOUND_UV = shutil.which("uv") or (str(ROOT / ".uv" / "uv") if (ROOT / ".uv" / "uv").exists() else None)


def _choose(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILONGA_UV", raising=False)
    if name == "uv":
        if FOUND_UV is None:
            pytest.skip("uv is not here")
        monkeypatch.setenv("MILONGA_UV", FOUND_UV)
        return
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "uv").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))


@pytest.fixture(params=["uv", pytest.param("pip", marks=pytest.mark.slow)])
def installer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each installer in turn; the other one is not found."""
    _choose(request.param, monkeypatch)
    return str(request.param)


@pytest.fixture
def build(tmp_path: Path, base_layout: Path) -> Build:
    def build(requirements: str, **settings: object) -> ReadImage:
        (tmp_path / "locked.txt").write_text(requirements)
        made(tmp_path / "out", tmp_path / "locked.txt", base_layout, **settings)
        return ReadImage(tmp_path / "out")

    return build


def made(layout: Path, requirements: Path, base: Path, **settings: object) -> BuiltImage:
    recipe = ImageRecipe(base=str(base), requirements=requirements, **settings)  # type: ignore[arg-type]
    return build_image(recipe, LayoutFolder(layout))


def hashed(wheel: Path) -> str:
    return f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def test_locked_requirements_can_be_imported_and_run(installer: str, wheels: Path, build: Build) -> None:
    image = build("# made by a tool\nlittle-tin==2.0 \\\n    # via nothing\nlittle_nail==1.5 ; python_version > '3'\n")
    assert {"opt/packages/little_tin.py", "opt/packages/little_nail.py"} <= set(image.layers[-1])
    assert image.config["config"]["Env"] == [
        "PATH=/bin:/opt/packages/bin",
        "PYTHON_VERSION=3.11.9",
        "PYTHONPATH=/opt/packages",
    ]
    assert image.text("opt/packages/bin/little_tin").startswith("#!/usr/bin/env python3\n")
    assert not [name for name in image.layers[-1] if name.endswith((".pyc", "INSTALLER", "REQUESTED", ".lock"))]


@pytest.mark.slow
def test_the_layer_is_the_same_whichever_installer_made_it(
    wheels: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    if FOUND_UV is None:
        pytest.skip("uv is not here")
    layers = []
    for name in INSTALLERS:
        _choose(name, monkeypatch)
        image = build("little-tin==2.0\nlittle-nail==1.5\n")
        assert str(wheels.parent) not in image.text("opt/packages/little_tin-2.0.dist-info/RECORD")
        layers.append(image.manifest["layers"][-1]["digest"])
    assert layers[0] == layers[1]


def test_hashes_are_honoured(installer: str, wheels: Path, build: Build) -> None:
    tin, nail = wheels / "little_tin-2.0-py3-none-any.whl", wheels / "little_nail-1.5-py3-none-any.whl"
    build(f"little-tin==2.0 {hashed(tin)}\nlittle-nail==1.5 \\\n  {hashed(nail)}\n")
    for wrong in (
        f"little-tin==2.0 {hashed(nail)}\nlittle-nail==1.5 {hashed(nail)}\n",
        f"little-tin==2.0 {hashed(tin)}\nlittle-nail==1.5\n",
    ):
        with pytest.raises(UsageError, match="E986") as caught:
            build(wrong)
        assert "hash" in caught.value.got.lower()


def test_wheels_are_chosen_for_the_python_of_the_image(installer: str, wheels: Path, build: Build) -> None:
    with pytest.raises(UsageError, match="E986"):
        build("little-ore==1.0\n")
    assert "opt/packages/little_ore.py" in build("little-ore==1.0\n", python_version="3.12").layers[-1]


def test_what_the_file_does_not_name_is_not_installed(installer: str, wheels: Path, build: Build) -> None:
    with pytest.raises(UsageError, match="E987") as caught:
        build("little-tin==2.0\n")
    assert caught.value.got == "little-nail"


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("numpy\n", "numpy"),
        ("numpy>=1\n", "numpy>=1"),
        ("-e .\n", "-e ."),
        ("./folder\n", "./folder"),
        ("a==1.*\n", "a==1.*"),
    ],
)
def test_a_requirement_without_an_exact_version_is_refused(tmp_path: Path, text: str, got: str) -> None:
    (tmp_path / "r.txt").write_text(f"fine==1.0\n{text}")
    with pytest.raises(UsageError, match="E987") as caught:
        Lock.read(tmp_path / "r.txt")
    assert caught.value.got == got


def test_a_lock_is_read_with_what_it_includes(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text(
        "More.Thing[x,y]==1.0+cpu --hash=sha256:00\nurl @ https://a.example/b.whl#sha256=1\n"
    )
    (tmp_path / "r.txt").write_text("--index-url https://a.example\n-r more.txt\n\n# -r nothing.txt\nzope === 1\n")
    lock = Lock.read(tmp_path / "r.txt")
    assert lock.names == {"more-thing", "url", "zope"} and lock.has_hashes
    (tmp_path / "more.txt").write_text("-r r.txt\n")
    for name in ("r.txt", "absent.txt"):
        with pytest.raises(UsageError, match="E987"):
            Lock.read(tmp_path / name)


@pytest.mark.slow
def test_credentials_of_an_index_are_in_no_message(
    installer: str, wheels: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_NO_INDEX", "PIP_NO_INDEX"):
        monkeypatch.delenv(name)
    with pytest.raises(UsageError, match="E986") as caught:
        build("--index-url http://me:hunter2@127.0.0.1:9/simple\nabsent==1\n")
    assert "hunter2" not in str(caught.value)


def test_which_python_an_image_has() -> None:
    linux, arm = Platform("linux", "amd64"), Platform("linux", "arm64")
    config = {"config": {"Env": ["PYTHON_VERSION=3.13.1"]}}
    assert TargetPython.of(config, linux) == TargetPython("3.13.1", "x86_64-manylinux_2_28")
    assert TargetPython.of(config, arm, version="3.12") == TargetPython("3.12", "aarch64-manylinux_2_28")
    assert TargetPython.of(config, linux, platform="x86_64-unknown-linux-musl").platform.endswith("musl")
    for wrong_config, platform, version in (
        ({}, linux, ""),
        (config, linux, "2.7"),
        (config, Platform("linux", "s390x"), ""),
    ):
        with pytest.raises(UsageError, match="E985"):
            TargetPython.of(wrong_config, platform, version=version)


@pytest.mark.slow
def test_milonga_itself_is_added_and_can_be_imported(tmp_path: Path) -> None:
    recipe = ImageRecipe(base="scratch", with_milonga=True)
    build_image(recipe, LayoutFolder(tmp_path / "out"))
    image = ReadImage(tmp_path / "out")
    assert image.config["config"]["Env"] == ["PYTHONPATH=/opt/milonga"]
    assert not [name for name, member in image.layers[0].items() if member.issym() or "__pycache__" in name]
    image.unpack(tmp_path / "root")
    code = "import milonga.components, milonga.compiler.api, milonga.pipelines; print(milonga.__file__)"
    environment = {"PYTHONPATH": str(tmp_path / "root/opt/milonga"), "PATH": os.environ["PATH"]}
    site = next(path for path in sys.path if path.endswith("site-packages"))
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.append({site!r}); {code}"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "root/opt/milonga/milonga/__init__.py")
