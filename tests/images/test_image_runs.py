"""An image that was built here runs: its layers are unpacked, and a Python in it imports what was added."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from image_reading import ReadImage

from milonga.images import ImageRecipe, build_image
from milonga.images.destinations.archive_file import ArchiveFile
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.layers.addition import Addition


def python_files() -> list[Addition]:
    """The running Python as files of an image: program, standard library and the C libraries it needs."""
    program = Path(os.path.realpath(sysconfig.get_config_var("BINDIR") + f"/python{sysconfig.get_python_version()}"))
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sysconfig.get_config_var("prefix")}))
    extensions = [str(path) for path in (library / "lib-dynload").glob("*.so")]
    said = subprocess.run(["ldd", str(program), *extensions], capture_output=True, text=True, check=True).stdout
    needed = sorted({Path(path) for path in re.findall(r"(/\S+\.so\S*) \(", said)})
    patterns = ("test", "site-packages", "dist-packages", "config-*", "ensurepip", "idlelib", "sitecustomize.py")
    exclude = tuple(f"**/{name}" for name in patterns)
    place = f"{sysconfig.get_config_var('prefix')}/lib/python{sysconfig.get_python_version()}"
    return [
        Addition(program, f"{sysconfig.get_config_var('prefix')}/bin/python3"),
        *(Addition(path, str(path)) for path in needed),
        *(Addition(path, f"{place}/{path.name}", exclude) for path in _of_library(library, patterns)),
    ]


def _of_library(library: Path, left_out: tuple[str, ...]) -> list[Path]:
    """Entries of the standard library, one by one: some systems have links out of it."""
    return [path for path in sorted(library.iterdir()) if path.name not in left_out and "config-" not in path.name]


def run_in(root: Path, *command: str, environment: dict[str, str]) -> str:
    """Run a command with `root` as the only files it sees."""
    if shutil.which("unshare") is None:
        pytest.skip("the program unshare is not installed")
    words = ["unshare", "--user", "--map-root-user", "--root", str(root), *command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode and "unshare:" in done.stderr and "ermitted" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_image_runs_the_code_that_was_added(
    tmp_path: Path, project: Path, read_image: Callable[..., ReadImage]
) -> None:
    base = ImageRecipe(base="scratch", additions=python_files())
    build_image(base, ArchiveFile(tmp_path / "python.tar"))
    recipe = ImageRecipe(
        base=str(tmp_path / "python.tar"),
        additions=[Addition(project / "src", "/app/src")],
        with_milonga=True,
        environment={"PYTHONPATH": "/app/src"},
        workdir="/app",
    )
    build_image(recipe, LayoutFolder(tmp_path / "image"))
    image = read_image(tmp_path / "image")
    root = tmp_path / "root"
    image.unpack(root)
    environment = dict(text.split("=", 1) for text in image.config["config"]["Env"])
    python = f"{sysconfig.get_config_var('prefix')}/bin/python3"
    assert run_in(root, python, "-m", "app.main", environment=environment) == "hello\n"
    code = "import milonga, milonga.runtime.main; print(milonga.__version__, milonga.__file__)"
    assert "/opt/milonga/milonga/__init__.py" in run_in(root, python, "-c", code, environment=environment)
