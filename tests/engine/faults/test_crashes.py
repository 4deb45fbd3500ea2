"""`crash:TASK` ends the engine itself, at a moment that is known: nothing that had ended is done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = """
    import sys
    from milonga import component, pipeline
    from milonga.engine.api import resume_run, start_run
    from milonga.engine.faults.kinds import parse_faults
    from milonga.engine.home import Home
    from milonga.engine.progress import Silent
    from milonga.engine.runnable import as_runnable
    from milonga.engine.settings import RunSettings

    @component
    def one(ledger: str) -> int:
        open(ledger, "a").write("one\\n")
        return 1

    @component
    def two(ledger: str, number: int) -> int:
        open(ledger, "a").write("two\\n")
        return number + 1

    @component
    def three(ledger: str, number: int) -> int:
        open(ledger, "a").write("three\\n")
        return number + 1

    @pipeline
    def p(ledger: str) -> int:
        return three(ledger, two(ledger, one(ledger)))

    if __name__ == "__main__":
        home, mode, *faults = sys.argv[1:]
        settings = RunSettings(home=Home(__import__("pathlib").Path(home)), mode=mode, faults=parse_faults(faults))
        if faults:
            start_run(as_runnable(p), {"ledger": home + ".txt"}, settings, Silent())
        else:
            result = resume_run(as_runnable(p), None, None, settings, Silent())
            assert result.outputs == {"Output": 3}, result.run.error
"""


def engine(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(textwrap.dedent(PROGRAM))
    words = (sys.executable, str(folder / "program.py"), str(folder / "home"), *words)
    return subprocess.run(words, capture_output=True, text=True, timeout=120, env={**os.environ})


@pytest.mark.parametrize("mode", ["isolated", "in-process"])
@pytest.mark.parametrize(
    ("fault", "once"),
    [
        pytest.param("crash:two", ["one"], marks=pytest.mark.slow),
        ("crash:two:after", ["one", "two"]),
        pytest.param("crash:three:after", ["one", "two", "three"], marks=pytest.mark.slow),
    ],
)
def test_an_engine_that_dies_at_a_known_moment_goes_on_from_there(
    tmp_path: Path, mode: str, fault: str, once: list[str]
) -> None:
    died = engine(tmp_path, mode, fault)
    assert died.returncode == -signal.SIGKILL, died.stderr
    resumed = engine(tmp_path, mode)
    assert resumed.returncode == 0, resumed.stderr
    lines = (tmp_path / "home.txt").read_text().split()
    assert [lines.count(name) for name in once] == [1] * len(once) and set(lines) == {"one", "two", "three"}
