"""Runs a command that ends with the process that started it. A program of its own: `python leash.py PIPE COMMAND...`.

An engine that is killed must not leave an installer behind that goes on downloading, nor what that has started. This
process leads a session of its own, and reads from a pipe whose other end only the engine has: at its end the whole
session ends. Imports the standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> None:
    """Run the command and exit as it does."""
    pipe, command = int(sys.argv[1]), sys.argv[2:]
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    sys.exit(subprocess.run(command, check=False).returncode & 0xFF)


def _end_with(pipe: int) -> None:
    """Wait for the engine to be gone, then end this session, this process included."""
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
