"""A state folder, a ledger, and the engines that were started on them: real processes of `milonga run`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.testing.crash.pipelines import find_pipeline

_MARK = "MILONGA_CRASH_SITE"
_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How an engine ended: its exit code, the document on its standard output if there is one, its messages."""

    exit_code: int
    document: Mapping[str, Any]
    messages: str

    @property
    def succeeded(self) -> bool:
        """Whether the run did, in the document and in the exit code."""
        return self.exit_code == 0 and self.document.get("state") == "SUCCEEDED"


class CrashSite:
    """One pipeline in one folder. Everything that its engines start carries a mark, by which it is found again.

    Args:
        folder: an existing empty folder.
        pipeline: one of `PIPELINES`, or a target of `milonga run` with the inputs `ledger` and `pause_s`.
        jobs: steps at the same time.
    """

    def __init__(self, folder: Path, pipeline: str, jobs: int = 2) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.ledger = folder / "ledger"
        self._target = pipeline if ":" in pipeline else find_pipeline(pipeline)
        self._jobs = jobs
        self._mark = f"{_MARK}={uuid.uuid4().hex}"

    # Engines ---------------------------------------------------------------------------------------------------

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """An engine: a new run, unless `arguments` say something else."""
        name, _, value = self._mark.partition("=")
        words = arguments or (self._target, f"--set=ledger={self.ledger}")
        settings = ["--home", str(self.home), "--json", "--no-cache", "--jobs", str(self._jobs)]
        return subprocess.Popen(
            [sys.executable, "-m", "milonga", "run", *words, *settings],
            cwd=self.folder,
            env={**os.environ, name: value},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def resume(self) -> subprocess.Popen[str]:
        """An engine that goes on with the newest run."""
        return self.start(self._target, "--resume")

    @staticmethod
    def wait(engine: subprocess.Popen[str], limit_s: float = _LIMIT_S) -> Ended:
        """The end of an engine.

        Raises:
            TimeoutError: it goes on for longer than `limit_s`; it has been killed.
        """
        try:
            out, err = engine.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            engine.kill()
            _, err = engine.communicate()
            raise TimeoutError(f"the engine did not end within {limit_s:g} s: {err[-500:]}") from None
        document: Mapping[str, Any] = {}
        with contextlib.suppress(ValueError):
            document = json.loads(out)
        return Ended(engine.returncode, document, err)

    # Processes -------------------------------------------------------------------------------------------------

    def processes(self) -> dict[int, int]:
        """Everything alive that engines of this site started, themselves included: process id → its parent's."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    state, parent = (entry / "stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()[:2]
                    if state != "Z" and self._mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = int(parent)
        return found

    def zygotes(self, engine: int) -> list[int]:
        """The processes that an engine started itself: attempts are forked from them."""
        return sorted(pid for pid, parent in self.processes().items() if parent == engine)

    def workers(self, engine: int) -> list[int]:
        """The processes of attempts under way."""
        processes = self.processes()
        zygotes = {pid for pid, parent in processes.items() if parent == engine}
        return sorted(pid for pid, parent in processes.items() if parent in zygotes)

    def all_gone(self, within_s: float = 15.0) -> bool:
        """Whether nothing that this site's engines started is alive any more, waiting for it a while."""
        deadline = time.monotonic() + within_s
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def end_all(self) -> None:
        """Kill what is left."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
