"""The real scheduler: processes of the real command over a state folder with a pipeline that leaves a line a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from travelling_clock import UTC, TravellingClock

from milonga.backends.local.backend import LocalBackend
from milonga.backends.local.clock import SystemClock
from milonga.backends.local.local_settings import LocalSettings
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.patience import Patience
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.interop.sources import read_source
from milonga.dsl.schedule import Schedule
from milonga.engine.home import Home
from milonga.lineage import LineageStore, RunRecord

FLOW = """
    import time

    from milonga import component, pipeline

    @component
    def note(path: str, text: str, seconds: float) -> None:
        time.sleep(seconds)
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(text + "\\n")
        if text == "fails":
            raise ValueError("as asked")

    @pipeline
    def notes(path: str, text: str = "ran", seconds: float = 0.0) -> None:
        note(path, text, seconds)
"""


class RealScheduler:
    """Starts and kills scheduler processes, and knows what they have left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.lines_file = folder / "lines.txt"
        (folder / "flow.py").write_text(textwrap.dedent(FLOW), "utf-8")
        self.graph = read_source(f"{folder / 'flow.py'}:notes").graph
        self.processes: list[subprocess.Popen[str]] = []

    def request(self, text: str = "ran", seconds: float = 0.0) -> SubmitRequest:
        parameters = {"path": str(self.lines_file), "text": text, "seconds": seconds}
        return SubmitRequest(parameters, use_cache=False)

    @property
    def backend(self) -> LocalBackend:
        return LocalBackend(LocalSettings(self.home), Patience(), SystemClock())

    def owe(
        self, count: int, *, at_once: int = 1, name: str = "owed", seconds: float = 0.0, text: str = "ran"
    ) -> RemoteSchedule:
        """A schedule that has missed so many times, and makes up for each."""
        begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=count, minutes=30)
        backend = LocalBackend(LocalSettings(self.home), Patience(), TravellingClock(begin))
        end = begin + timedelta(hours=count, minutes=1)
        schedule = Schedule(interval_s=3600, catch_up=True, max_concurrency=at_once, name=name, end=end)
        return backend.add_schedule(self.graph, self.request(text, seconds), schedule)

    def start(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "milonga", "schedule", "serve", "--home", str(self.home.root), *options]
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)

    def firings(self) -> list[Firing]:
        with ScheduleDatabase(Places(self.home).database) as database:
            rows = database.rows("SELECT number FROM firings ORDER BY number")
            found = [FiringTable(database).numbered(number) for (number,) in rows]
        return [firing for firing in found if firing is not None]

    def runs(self) -> list[RunRecord]:
        if not self.home.database.exists():
            return []
        store = LineageStore(self.home.database)
        try:
            return store.runs(limit=10_000)
        finally:
            store.close()

    def lines(self) -> list[str]:
        return self.lines_file.read_text("utf-8").splitlines() if self.lines_file.exists() else []

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 120) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, [firing.to_json() for firing in self.firings()]
            time.sleep(0.05)

    def all_ended(self, count: int) -> bool:
        firings = self.firings()
        return len(firings) >= count and all(firing.has_ended for firing in firings)

    def require_exactly_once(self, count: int) -> None:
        """Every owed time has one firing and one run, which has succeeded, and every run did its work once."""
        firings = self.firings()
        dues = [firing.due for firing in firings]
        assert len(firings) == len(set(dues)) == count, [firing.to_json() for firing in firings]
        assert {firing.state for firing in firings} == {"SUCCEEDED"}, [firing.to_json() for firing in firings]
        runs = self.runs()
        assert sorted(run.source for run in runs) == sorted(firing.source for firing in firings)
        assert sorted(run.id for run in runs) == sorted(firing.run_id for firing in firings)
        assert {run.state for run in runs} == {"SUCCEEDED"} and len(self.lines()) == count

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=60)
        for firing in self.firings() if Places(self.home).database.exists() else []:
            if not firing.has_ended and firing.run_id:
                self.backend.cancel(firing.run_id)


def engine_process(home: Home, run_id: str) -> int:
    """The process id of the engine that works on a run."""
    return int((home.run(run_id) / "lock").read_text("utf-8"))


def kill_group(pid: int) -> None:
    """End a process and its session, as a machine that loses power does."""
    os.killpg(os.getsid(pid), signal.SIGKILL)
