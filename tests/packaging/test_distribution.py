"""What is published: the source archive, the wheel made from it, and the wheel in an environment of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINKS = ("components", "pipelines", "compiler")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def uv() -> str:
    """uv as `tools/environment.py` finds it."""
    found = os.environ.get("UV") or shutil.which("uv") or shutil.which("uv", path=str(ROOT / ".uv"))
    if found is None:
        pytest.skip("no uv on PATH, in $UV or in .uv: `make dev` brings one")
    return found


def call(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def source_archive(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    call(uv, "build", "--quiet", "--sdist", "--out-dir", folder, ROOT)
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="session")
def wheel(uv: str, source_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source archive alone, away from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.unpack_archive(source_archive, folder)
    (unpacked,) = [path for path in folder.iterdir() if path.is_dir()]
    call(uv, "build", "--quiet", "--wheel", "--out-dir", folder, unpacked)
    (found,) = folder.glob("*.whl")
    return found


def expected_files() -> set[str]:
    """Every file of the four roots that git knows or would add, at the place that it has in the package."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "src/milonga", *LINKS]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    links = {f"src/milonga/{name}" for name in LINKS}
    real = [name for name in names if name and name not in links and (ROOT / name).is_file()]
    return {f"milonga/{name.removeprefix('src/milonga/')}" for name in real}


def test_the_wheel_holds_every_file_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    inside = {name for name in names if ".dist-info/" not in name}
    assert inside == expected_files() and len(names) == len(set(names))
    for needed in ("milonga/py.typed", "milonga/errors.py", "milonga/compiler/trace/tracer.py"):
        assert needed in inside
    for suffix in (".css", ".json", "metadata.yaml"):
        assert any(name.endswith(suffix) for name in inside), suffix
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
        metadata = archive.read(name).decode()
    needed = {
        re.split(r"[ <>=;\[]", line.removeprefix("Requires-Dist: "))[0]
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    }
    assert needed == {"pyyaml", "click", "cronsim", "packaging", "rich", "tomli"}
    extras = set(re.findall(r"(?m)^Provides-Extra: (.+)$", metadata))
    assert extras == {"data", "torch", "devices", "tuning", "serve", "kfp", "vertex", "argo", "all"}


def test_the_source_archive_holds_the_folders_once(source_archive: Path) -> None:
    with tarfile.open(source_archive) as archive:
        names = [name.split("/", 1)[1] for name in archive.getnames() if "/" in name]
    assert not [name for name in names if re.match(r"src/milonga/(components|pipelines|compiler)(/|$)", name)]
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "compiler/__init__.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", ".milonga", ".git/"))]


@pytest.fixture(scope="session")
def clean(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it cannot do without."""
    folder = tmp_path_factory.mktemp("clean")
    call(uv, "venv", "--quiet", "--python", sys.executable, folder / "venv")
    call(uv, "pip", "install", "--quiet", "--python", folder / "venv" / "bin" / "python", wheel)
    (folder / "flow.py").write_text(
        "import milonga as ml\nfrom milonga import Dataset, component, pipeline\n\n"
        "@component\ndef write(text: str) -> Dataset:\n"
        "    made = Dataset.create_file()\n    made.write_text(text)\n    return made\n\n"
        "@component\ndef size(data: Dataset) -> int:\n    return len(data.read_text())\n\n"
        "@pipeline\ndef p(text: str = 'four') -> int:\n    return size(write(text))\n"
    )
    return folder


def run_in(clean: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(clean)}
    return call(clean / "venv" / "bin" / "milonga", *arguments, cwd=clean, env=environment)


def test_nothing_heavy_came_along(clean: Path) -> None:
    script = "import importlib.metadata as m; print(sorted(d.metadata['Name'].lower() for d in m.distributions()))"
    names = call(clean / "venv" / "bin" / "python", "-c", script, cwd=clean)
    assert "milonga" in names and "rich" in names
    assert not [name for name in ("numpy", "torch", "onnx", "kfp", "pillow") if f"'{name}'" in names]


def test_the_installed_command_compiles_checks_and_runs(clean: Path) -> None:
    assert "Commands:" in run_in(clean, "--help")
    assert "pipelineInfo:" in run_in(clean, "compile", "flow.py:p")
    assert run_in(clean, "check", "flow.py:p") == ""
    assert run_in(clean, "run", "flow.py:p") == "Output = 4\n"
    assert run_in(clean, "run", "flow.py:p", "--in-process", "--text", "seven", "-q") == "Output = 5\n"
    assert "p" in run_in(clean, "runs")
    assert "missing torch" in run_in(clean, "doctor")
    assert "--data" in run_in(clean, "run", "image-classification", "--help")


def test_a_missing_extra_is_named(clean: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(clean)}
    command = [str(clean / "venv" / "bin" / "milonga"), "data", "digits", "digits"]
    done = subprocess.run(command, cwd=clean, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "E910" in done.stderr and "pip install 'milonga[data]'" in done.stderr
    assert "Traceback" not in done.stderr and not (clean / "digits").exists()


def test_the_installed_package_is_typed(clean: Path) -> None:
    script = "import milonga, pathlib; print((pathlib.Path(milonga.__file__).parent / 'py.typed').is_file())"
    assert call(clean / "venv" / "bin" / "python", "-c", script, cwd=clean) == "True\n"
