"""Runs a command that ends with the process that started it. A program of its own: `python leash.py PARENT COMMAND...`.

An engine that is killed must not leave an installer behind that goes on downloading. On Linux the kernel sees to it;
elsewhere the command runs to its end, and what it made is thrown away. Imports the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit(1)  # the engine ended before this process could ask to be told
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
