from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """The real command in a folder of its own, with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / ".milonga"

    def __call__(self, *arguments: str, env: dict[str, str] | None = None, stdin: str | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "milonga", *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            capture_output=True,
            input=stdin,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def environment(self) -> dict[str, str]:
        """No state folder but the own one, and no compiled files: a test may write a file again within a second."""
        kept = {name: value for name, value in os.environ.items() if name != "MILONGA_HOME"}
        return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path


class CommandLineHere(CommandLine):
    """The same without a process of its own, for the many cases in which none makes a difference."""

    def __call__(self, *arguments: str, env: dict[str, str] | None = None, stdin: str | None = None) -> Ended:
        from milonga.cli.main import run_command_line

        out, err = io.StringIO(), io.StringIO()
        before, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
        os.chdir(self.folder)
        try:
            with (
                pytest.MonkeyPatch.context() as variables,
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                variables.delenv("MILONGA_HOME", raising=False)
                variables.setattr(sys, "dont_write_bytecode", True)
                for name, value in (env or {}).items():
                    variables.setenv(name, value)
                code = run_command_line([str(argument) for argument in arguments])
        finally:
            os.chdir(before)
            sys.path[:] = path
            for name in set(sys.modules) - modules:  # the next command reads the author's files anew
                if (getattr(sys.modules[name], "__file__", None) or "").startswith(f"{self.folder}/"):
                    del sys.modules[name]
        return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLineHere:
    monkeypatch.delenv("MILONGA_HOME", raising=False)
    return CommandLineHere(tmp_path)


@pytest.fixture
def milonga(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture(scope="session")
def command_line_in() -> Callable[[Path], CommandLineHere]:
    """A command line in a folder that several tests share."""
    return CommandLineHere


FLOW = '''
    """A file with a pipeline."""
    from typing import Literal, Optional

    from milonga import Dataset, component, pipeline

    print("noise while the file is loaded")

    @component
    def scale(value: int, factor: float) -> float:
        print("scaling", value)
        return value * factor

    @component
    def store(text: str) -> Dataset:
        made = Dataset.create_file(metadata={"length": len(text)})
        made.write_text(text)
        return made

    @component
    def use(loud: bool, items: list[int], table: dict[str, int], size: str, maybe: Optional[int], jobs: int) -> None:
        print(loud, items, table, size, maybe, jobs)

    @pipeline
    def p(
        value: int,
        factor: float = 0.5,
        text: str = "hello",
        loud: bool = False,
        items: list[int] = [1],
        table: dict[str, int] = {"a": 1},
        size: Literal["s", "m"] = "s",
        maybe: Optional[int] = None,
        jobs: int = 1,
    ) -> float:
        """Multiply a number.

        Args:
            value: what is multiplied, in metres.
            factor: by how much.
        """
        store(text)
        use(loud, items, table, size, maybe, jobs)
        return scale(value, factor)
'''


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    return CommandLine(tmp_path).write("flow.py", FLOW)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandLineHere, Any]:
    """A command line whose folder has a finished run, and that run's document; tests only read it."""
    command = CommandLine(tmp_path_factory.mktemp("finished"))
    command.write("flow.py", FLOW)
    ended = command("run", "flow.py:p", "--value", "4", "--json")
    assert ended.code == 0, ended.err
    return CommandLineHere(command.folder), ended.json
