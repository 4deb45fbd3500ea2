"""mypy and pyright see the wiring: they know what a call gives, accept what is right and refuse what is wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RIGHT, WRONG = HERE / "snippets_right.py", HERE / "snippets_wrong.py"

pytestmark = pytest.mark.slow


def marked(path: Path, pattern: str) -> dict[int, str]:
    """Line → what its comment says."""
    lines = enumerate(path.read_text().splitlines(), 1)
    return {number: match.group(1) for number, line in lines if (match := re.search(pattern, line))}


REVEALS = marked(RIGHT, r"\)  # reveals (.+)$")
ERRORS = set(marked(WRONG, r"# (wrong)$"))


def normal(text: str) -> str:
    """One spelling for both checkers."""
    text = re.sub(r"\b(?:builtins|snippets_right|pathlib|milonga(?:\.\w+)*)\.", "", text)
    text = re.sub(r"tuple\[.*?, fallback=(\w+)\]", r"\1", text)
    text = re.sub(r"\[\[(.*?)\], ", r"[(\1), ", text)
    return text.replace("float | int", "float").replace("def ", "").strip("'\"")


class Checked:
    """What a checker said: revealed types and errors, by file and line."""

    def __init__(self, messages: list[tuple[str, int, str, str]]) -> None:
        self.reveals = {
            line: normal(match.group(1))
            for file, line, _, text in messages
            if file == RIGHT.name and (match := re.search(r'(?:Revealed type is|Type of ".*" is) "(.*)"', text))
        }
        self.errors = {
            name: {line: text for file, line, kind, text in messages if file == name and kind == "error"}
            for name in (RIGHT.name, WRONG.name)
        }


def with_mypy(folder: Path) -> Checked:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10", "--config-file", "mypy.ini",
               "--no-pretty", "--cache-dir", str(folder / "cache"), RIGHT.name, WRONG.name]  # fmt: skip
    (folder / "mypy.ini").write_text("[mypy]\n")
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^(.+?):(\d+): (error|note): (.*)$", done.stdout, flags=re.MULTILINE)
    return Checked([(file, int(line), kind, text) for file, line, kind, text in found])


def with_pyright(folder: Path) -> Checked:
    settings = {
        "include": [RIGHT.name, WRONG.name],
        "extraPaths": [str(ROOT / "src")],
        "pythonVersion": "3.10",
        "typeCheckingMode": "standard",
        "reportUnusedExpression": False,
        "reportUnusedCoroutine": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [str(Path(sys.executable).with_name("pyright")), "--outputjson", "-p", str(folder)]
    command += ["--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return Checked(
        [(Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["severity"], one["message"]) for one in found]
    )


@pytest.fixture(scope="module", params=["mypy", "pyright"])
def checked(request, tmp_path_factory) -> Checked:
    folder = tmp_path_factory.mktemp(request.param)
    for path in (RIGHT, WRONG):
        shutil.copy(path, folder)
    return with_mypy(folder) if request.param == "mypy" else with_pyright(folder)


def test_right_wiring_is_accepted(checked):
    assert checked.errors[RIGHT.name] == {}


def test_what_a_call_gives_is_known(checked):
    assert {line: checked.reveals.get(line) for line in REVEALS} == REVEALS


def test_every_wrong_line_is_refused_and_no_other(checked):
    found = checked.errors[WRONG.name]
    assert set(found) == ERRORS, {line: found.get(line, "accepted") for line in set(found) ^ ERRORS}
