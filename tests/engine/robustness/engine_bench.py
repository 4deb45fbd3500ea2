"""Real engines as processes of their own, in state folders that can be filled, spoilt and taken away."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import textwrap
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milonga.lineage import LineageStore, RunRecord, TaskRecord

FLOW = """
import os
from typing import NamedTuple
import milonga as ml
from milonga import Dataset, component, pipeline

def note(ledger, text):
    stream = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(stream, (text + "\\n").encode())
    os.close(stream)

@component
def make(ledger: str, size: int) -> Dataset:
    made = Dataset.create_file()
    made.path.write_bytes(b"m" * size)
    note(ledger, "make")
    return made

@component
def act(ledger: str, data: Dataset, script: str) -> Dataset:
    "Something happens while this task runs: `script` says what."
    made = Dataset.create_file()
    exec(script)
    made.path.write_bytes(data.path.read_bytes() + b"a")
    note(ledger, "act")
    return made

@component
def weigh(ledger: str, data: Dataset) -> int:
    note(ledger, "weigh")
    return data.path.stat().st_size

@pipeline
def p(ledger: str, size: int = 1000, script: str = "") -> int:
    return weigh(ledger, act(ledger, make(ledger, size), script))
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """An engine that has ended: its exit code, what it said, and the result that it printed, if any."""

    code: int
    result: dict[str, Any]
    err: str

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.result.get("error") or {}
        return found


@dataclass(slots=True)
class Bench:
    """A folder with a pipeline, a state folder and a ledger, in which engines are started."""

    folder: Path
    home: Path
    flow: str = FLOW
    user: int | None = None
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.write()

    def write(self) -> None:
        """Write the pipeline down as it is now."""
        (self.folder / "flow.py").write_text(textwrap.dedent(self.flow))

    @property
    def environment(self) -> dict[str, str]:
        """Where the state folder is, and by what everything that is started here can be told from all else."""
        own = {"MILONGA_HOME": str(self.home), "MILONGA_TEST_MARK": self.mark, "PYTHONDONTWRITEBYTECODE": "1"}
        return {**os.environ, **own}

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.txt"

    def lines(self) -> list[str]:
        return self.ledger.read_text().split() if self.ledger.exists() else []

    def start(self, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "milonga", *arguments, "--json"]
        return subprocess.Popen(
            words,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=self.user,
            **settings,
        )

    def start_run(self, *more: str, **inputs: Any) -> subprocess.Popen[str]:
        return self.start("run", "flow.py:p", *self._flags(inputs), *more)

    def _flags(self, inputs: dict[str, Any]) -> list[str]:
        return [f"--set={name}={value}" for name, value in {"ledger": self.ledger, **inputs}.items()]

    def end(self, engine: subprocess.Popen[str]) -> Ended:
        out, err = engine.communicate(timeout=120)
        return ended(engine.returncode, out, err)

    def run(self, *more: str, **inputs: Any) -> Ended:
        return self.end(self.start_run(*more, **inputs))

    def resume(self, *more: str) -> Ended:
        return self.end(self.start("run", "flow.py:p", "--resume", *more))

    def verb(self, *arguments: str) -> Ended:
        return self.end(self.start(*arguments))

    def rows(self) -> tuple[RunRecord, dict[str, TaskRecord]]:
        """The newest run and its tasks, as they are recorded."""
        store = LineageStore(self.home / "lineage.sqlite")
        run = store.runs()[0]
        tasks = {task.path: task for task in store.tasks(run.id)}
        store.close()
        return run, tasks

    def content(self) -> list[Path]:
        return sorted(path for path in (self.home / "store").glob("*/*/*") if not path.name.startswith("."))

    def processes(self) -> list[int]:
        """Everything alive that this bench's engines have started, however far it has gone away."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                    if state != "Z" and self.mark.encode() in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
        return found

    def all_gone(self, within_s: float = 15.0) -> bool:
        deadline = time.monotonic() + within_s
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.processes()


@dataclass(slots=True)
class BenchHere(Bench):
    """The same in this process, for what is about the content and not about the engine's own process."""

    def run(self, *more: str, **inputs: Any) -> Ended:
        return self._here(*self._flags(inputs), *more)

    def resume(self, *more: str) -> Ended:
        return self._here("--resume", *more)

    def _here(self, *flags: str) -> Ended:
        from milonga.cli.main import run_command_line

        out, err, path = io.StringIO(), io.StringIO(), list(sys.path)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                file = f"{self.folder / 'flow.py'}:p"
                code = run_command_line(["run", file, *flags, "--home", str(self.home), "--json"])
        finally:
            sys.path[:] = path
        return ended(code, out.getvalue(), err.getvalue())


def ended(code: int, out: str, err: str) -> Ended:
    assert "\nTraceback" not in f"\n{err}", err  # that of a task is shown with four spaces before it
    return Ended(code, json.loads(out) if out.strip() else {}, err)


def wait_for(path: Path, within_s: float = 60.0) -> str:
    """The text of a file, when somebody has written it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if text := path.read_text():
                return text
        time.sleep(0.01)
    raise AssertionError(f"nobody has written {path}")
