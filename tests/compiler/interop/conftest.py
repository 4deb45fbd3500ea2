from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECT = HERE / "kfp_project.py"


class KfpItself:
    """What kfp's own compiler and runner make of a file, in a process of their own."""

    def __init__(self, file: Path, folder: Path, cases: dict[str, dict[str, Any] | None]) -> None:
        self.folder = folder
        done = subprocess.run(
            [sys.executable, str(HERE / "run_with_kfp.py"), str(file), str(folder), json.dumps(cases)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        self.results: dict[str, dict[str, Any]] = json.loads((folder / "results.json").read_text())

    def file(self, name: str) -> Path:
        """What its compiler wrote."""
        return self.folder / f"{name}.yaml"


@pytest.fixture(scope="session")
def project() -> ModuleType:
    """A kfp project, imported as its author imports it."""
    pytest.importorskip("kfp", reason="kfp is not installed")
    specification = importlib.util.spec_from_file_location("kfp_project", PROJECT)
    assert specification is not None and specification.loader is not None
    module = sys.modules["kfp_project"] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def kfp_itself(project: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> KfpItself:
    """kfp's own files for everything in the project; nothing is run."""
    return KfpItself(PROJECT, tmp_path_factory.mktemp("kfp"), dict.fromkeys(project.ALL))


@pytest.fixture
def ask_kfp(tmp_path: Path) -> Callable[[Path, dict[str, dict[str, Any] | None]], KfpItself]:
    """Let kfp compile and run what a file defines."""

    def ask(file: Path, cases: dict[str, dict[str, Any] | None]) -> KfpItself:
        folder = tmp_path / "kfp-itself"
        folder.mkdir()
        return KfpItself(file, folder, cases)

    return ask
