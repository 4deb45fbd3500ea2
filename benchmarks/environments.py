"""Peers, each in a virtual environment of its own under `.bench`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".bench"
PEERS: dict[str, tuple[str, ...]] = {
    "kfp": ("kfp==2.17.0",),
    "metaflow": ("metaflow==2.19.39",),
    "flytekit": ("flytekit==1.16.31",),
    "dagster": ("dagster==1.13.28",),
    "prefect": ("prefect==3.8.8", "fastapi<0.151"),
}
"""What to install for each, itself first. Prefect 3.8.8 resolves to a FastAPI under which no flow starts."""


def version_of(tool: str) -> str:
    """The version of a peer that is measured."""
    return PEERS[tool][0].partition("==")[2]


class PeerMissing(Exception):
    """A peer cannot be installed here; the message says why."""


def interpreter_of(tool: str) -> Path:
    """The Python of a peer, or ours for milonga. Makes the environment when it is not there.

    Raises:
        PeerMissing: it cannot be installed.
    """
    if tool == "milonga":
        return Path(sys.executable)
    folder = FOLDER / tool
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = f"{' '.join(PEERS[tool])} {sys.version}"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        _install(tool, folder, python)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _install(tool: str, folder: Path, python: Path) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from environment import find_uv

        uv = find_uv()
    except (SystemExit, OSError, ImportError) as error:
        raise PeerMissing(f"uv is needed to install {PEERS[tool][0]}: {error}") from error
    finally:
        sys.path.pop(0)
    print(f"installing {PEERS[tool][0]} into {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), *PEERS[tool]],
    ):
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = " ".join(done.stderr.split())[-300:]
            raise PeerMissing(f"{PEERS[tool][0]} cannot be installed: {reason}")
