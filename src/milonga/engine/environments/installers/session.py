"""Runs an installer's commands, keeps what they say in a log, and tells what went wrong."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from milonga.engine.environments.redaction import Redactor
from milonga.errors import RunError

_LEASH = Path(__file__).with_name("leash.py")
_SHOWN_LINES = 8
_FULL = ("No space left on device", "Disk quota exceeded", "Read-only file system")
_UNREACHABLE = (
    "error sending request",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "dns error",
    "Connection refused",
    "Connection reset",
    "timed out",
    "Network is unreachable",
    "Network connectivity is disabled",
)
"""What uv and pip write when nobody answered; both end with the same exit code for that and for an unknown package."""


@dataclass(frozen=True, slots=True)
class InstallerSession:
    """The commands of one build.

    Attributes:
        title: what is being brought, for messages: "packages of 'train'".
        log: gets everything that the commands say, without credentials.
        lock: file descriptor of the lock of the build. What runs the commands holds it as well, so that nobody else
            begins before they have ended, even when the engine is gone.
        scratch: folder for files of the commands; goes with the build.
        redactor: hides credentials.
    """

    title: str
    log: Path
    lock: int
    scratch: Path
    redactor: Redactor

    def run(self, command: Sequence[str], variables: Mapping[str, str], lines: Sequence[str]) -> str:
        """Run a command that reads `lines` from its input; they are data there, `${NAME}` included.

        Returns:
            What it said, as in the log but with credentials.

        Raises:
            RunError: E452 the packages cannot be had, E453 no index answers, E454 the disk is full.
            OSError: the log cannot be written, or the command does not start.
        """
        said: list[str] = []
        with self.log.open("a", encoding="utf-8") as log, tempfile.TemporaryFile("w+") as asked:
            log.write(self.redactor.clean("$ " + " ".join(command)) + "\n")
            for line in lines:
                asked.write(line.replace("${", "%24{") + "\n")
                log.write(self.redactor.clean(f"< {line}") + "\n")
            log.flush()
            asked.seek(0)
            with self._started(command, variables, asked) as process:
                for line in process.stdout or ():
                    said.append(line)
                    log.write(self.redactor.clean(line))
                    log.flush()
        if process.returncode:
            raise self._failure("".join(said) or f"{command[0]} ended with exit code {process.returncode}")
        return "".join(said)

    @contextlib.contextmanager
    def _started(
        self, command: Sequence[str], variables: Mapping[str, str], asked: IO[str]
    ) -> Iterator[subprocess.Popen[str]]:
        """The command, which ends when this process does."""
        watched, held = os.pipe()
        try:
            with subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LEASH), str(watched), *command],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **variables},
                pass_fds=(watched, self.lock),
                start_new_session=True,
                text=True,
                errors="replace",
            ) as process:
                yield process
        finally:
            os.close(watched)
            os.close(held)

    def _failure(self, messages: str) -> RunError:
        said = self.redactor.clean(messages)
        last = "\n".join([line.rstrip() for line in said.splitlines() if line.strip()][-_SHOWN_LINES:])
        where = str(self.log)
        if any(sign in said for sign in _FULL):
            return RunError(
                "E454",
                f"{self.title}: no room for them on the disk",
                where=where,
                got=last,
                hint="free some space, or move the state folder with MILONGA_HOME, and run it again",
                kind="system",
            )
        if any(sign in said for sign in _UNREACHABLE):
            return RunError(
                "E453",
                f"{self.title}: the package index does not answer",
                where=where,
                got=last,
                hint="check the network; UV_DEFAULT_INDEX names another index, UV_FIND_LINKS a folder of wheels",
                kind="remote",
            )
        return RunError(
            "E452",
            f"{self.title} cannot be installed",
            where=where,
            got=last,
            hint="check names and versions; the log holds everything that the installer said",
        )
