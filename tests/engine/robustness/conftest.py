"""A bench to start engines on, and small file systems."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_bench import Bench, BenchHere


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, tmp_path / "home")


@pytest.fixture
def bench_here(tmp_path: Path) -> BenchHere:
    return BenchHere(tmp_path, tmp_path / "home")


@pytest.fixture
def mount() -> Iterator[Callable[[Path, str], None]]:
    """`mount(path, options)` puts a small file system of its own at `path`; skips where only root may."""
    mounted: list[Path] = []

    def at(path: Path, options: str) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if shutil.which("mount") is None or os.geteuid() != 0:
            pytest.skip("only root can mount a file system")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        mounted.append(path)

    yield at
    for path in reversed(mounted):
        subprocess.run(["umount", "-l", str(path)], check=True)
