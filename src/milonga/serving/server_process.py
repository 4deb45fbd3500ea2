"""A server process and the state file that records it.

Process id and start time together tell a server from a later process that got the same id.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from milonga.errors import ServingError

FORMAT = "milonga.server/1"


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server in the background.

    Args:
        name: name of the model in request paths.
        pid: process id.
        url: where it listens, without a slash at the end.
        started: start time of the process as the kernel counts it, "" where it does not say.
    """

    name: str
    pid: int
    url: str
    started: str = ""

    @property
    def is_running(self) -> bool:
        """Whether this very process still runs."""
        _reap(self.pid)
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return False  # somebody else's process: the id was given away again
        return self.started == start_time(self.pid)


def read_state(path: Path) -> ServerProcess:
    """The server that a state file records.

    Raises:
        ServingError: E719, there is no such file or it is damaged.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value.pop("format") != FORMAT:
            raise ValueError("another format")
        return ServerProcess(**value)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as reason:
        got = f"{type(reason).__name__}: {reason}"
        raise ServingError("E719", "no server is recorded here", where=str(path), got=got) from reason


def write_state(path: Path, server: ServerProcess) -> None:
    """Record `server` in the file `path`: completely, or not at all."""
    text = json.dumps({"format": FORMAT, **asdict(server)}, indent=2, sort_keys=True) + "\n"
    beside = path.with_name(f".{path.name}.partial")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _reap(pid: int) -> None:
    """Collect an ended child of this process, which would otherwise still look alive."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def start_time(pid: int) -> str:
    """When the kernel started a process, in its own ticks; "" where there is no such process or no such record."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return str(text.rpartition(")")[2].split()[19])
