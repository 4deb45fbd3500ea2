"""Real wheels, made here, and installers that find nothing but them: no test of this folder needs a network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from wheel_files import write_wheel

ROOT = Path(__file__).resolve().parents[3]
VARIABLES = ("INDEX_URL", "EXTRA_INDEX_URL", "DEFAULT_INDEX", "INDEX", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "PRE")


def found_uv() -> str | None:
    return shutil.which("uv") or next((str(path) for path in [ROOT / ".uv" / "uv"] if path.exists()), None)


@pytest.fixture(scope="session")
def uv() -> str:
    found = found_uv()
    if found is None:
        pytest.skip("uv is not here")
    return found


@pytest.fixture(scope="session")
def pip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pip for the running Python, which has none where uv made the environment."""
    if importlib.util.find_spec("pip") is not None:
        return Path(sys.prefix)
    root = tmp_path_factory.mktemp("pip")
    command = [sys.executable, "-m", "ensurepip", "--root", str(root)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("neither pip nor ensurepip is here")
    return next(path.parent for path in root.rglob("pip") if (path / "__main__.py").is_file())


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """The folder that stands for an index."""
    folder = tmp_path / "wheels"
    write_wheel(folder, "little_tin", "1.0", requires=("little_nail>=1", "click"))
    write_wheel(folder, "little_tin", "2.0", requires=("little_nail>=1", "click"))
    write_wheel(folder, "little_nail", "1.5")
    return folder


@pytest.fixture
def offline(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be installed but `wheels`."""
    for variable in VARIABLES:
        monkeypatch.delenv(f"UV_{variable}", raising=False)
        monkeypatch.delenv(f"PIP_{variable}", raising=False)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))


@pytest.fixture
def with_uv(offline: None, uv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILONGA_UV", uv)


@pytest.fixture
def with_pip(offline: None, home: Path, pip_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No uv to be found; pip as this Python has it, or the private one, so that not every test unpacks it again."""
    monkeypatch.delenv("MILONGA_UV", raising=False)
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "uv").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    if (Path(sys.executable).parent / "uv").exists():
        pytest.skip("uv is beside the running Python")
    if pip_folder != Path(sys.prefix):
        (home / "environments").mkdir(parents=True)
        (home / "environments" / ".pip").symlink_to(pip_folder, target_is_directory=True)


@pytest.fixture(params=["uv", pytest.param("pip", marks=pytest.mark.slow)])
def installer(request: pytest.FixtureRequest) -> str:
    """Once with each installer."""
    request.getfixturevalue(f"with_{request.param}")
    return str(request.param)


@pytest.fixture
def slow_uv(tmp_path: Path, uv: str, with_uv: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """uv behind a script that runs shell text first and leaves a line for each call in the ledger that it returns."""

    def make(before: str = "") -> Path:
        ledger = tmp_path / "calls.txt"
        script = tmp_path / "uv-first"
        script.write_text(f'#!/bin/sh\necho "$*" >> "{ledger}"\n{before}\nexec "{uv}" "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("MILONGA_UV", str(script))
        return ledger

    return make
