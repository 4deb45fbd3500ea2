"""The commands of the tests: in a process of their own, and in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kfp_server import KfpServer
from remote_samples import PIPELINE

FLOW = '''
from milonga import component, pipeline

@component
def double(number: int) -> int:
    return 2 * number

@pipeline
def nightly(number: int) -> int:
    """Doubles."""
    return double(number)
'''


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Commands:
    """The real command, in a folder with two pipelines, for one server."""

    def __init__(self, folder: Path, server: KfpServer) -> None:
        self.folder = folder
        (folder / "add_up.yaml").write_text(PIPELINE, "utf-8")
        (folder / "nightly.py").write_text(FLOW, "utf-8")
        self.environment = {**os.environ, "MILONGA_KFP_ENDPOINT": server.address}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "milonga", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, **environment: str) -> Ended:
        self.environment |= environment
        process = self.start(*arguments)
        out, err = process.communicate(timeout=180)
        return Ended(process.returncode, out, err)


class Here:
    """The same commands without a process of their own."""

    def __init__(self, commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.chdir(commands.folder)
        monkeypatch.setenv("MILONGA_KFP_ENDPOINT", commands.environment["MILONGA_KFP_ENDPOINT"])
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        from milonga.cli.main import run_command_line

        self.capsys.readouterr()
        code = run_command_line(list(arguments))
        captured = self.capsys.readouterr()
        return Ended(code, captured.out, captured.err)
