"""The pool of forked workers, killed at any moment, loses its attempts and nothing else."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import time
import uuid
from pathlib import Path

import pytest

from milonga.engine.workers.base import StepEnded, StepRequest
from milonga.engine.workers.forked import ForkedPool

LEAVES_A_PROCESS = "def work() -> int:\n    import subprocess\n    subprocess.Popen(['sleep', '77'])\n    return 1\n"


def request(folder: Path, number: int, source: str = LEAVES_A_PROCESS) -> StepRequest:
    place = folder / str(number)
    outputs = {"outputFile": str(place / "executor_output.json")}
    executor_input = {"inputs": {}, "outputs": outputs}
    return StepRequest(number, "milonga", "work", source, place, executor_input=executor_input)


def collect(pool: ForkedPool, count: int) -> list[StepEnded]:
    ended: list[StepEnded] = []
    deadline = time.monotonic() + 60
    while len(ended) < count and time.monotonic() < deadline:
        select.select(pool.streams(), [], [], 1.0)
        ended += pool.collect()
    return ended


def marked(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                if state != "Z" and mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


def none_left(mark: str) -> bool:
    deadline = time.monotonic() + 10
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not marked(mark)


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    text = uuid.uuid4().hex
    monkeypatch.setenv("MILONGA_TEST_MARK", text)
    return text


def kill_zygote(tmp_path: Path, mark: str, after_s: float) -> None:
    pool = ForkedPool()
    zygote = pool._process.pid
    for number in range(20):
        pool.submit(request(tmp_path, number))
    time.sleep(after_s)
    os.kill(zygote, signal.SIGKILL)
    ended = collect(pool, 20)
    assert sorted(item.id for item in ended) == list(range(20)), "each attempt is reported once"
    lost = [item for item in ended if item.exit_code]
    assert all(item.error is not None and item.error["code"] == "E417" for item in lost)
    assert none_left(mark)
    pool.submit(request(tmp_path, 99, "def work() -> int:\n    return 1\n"))
    assert [item.exit_code for item in collect(pool, 1)] == [0], "the next attempt gets a new zygote"
    pool.close()


@pytest.mark.parametrize("after_s", [0.0, 0.12, 0.25])
def test_a_killed_zygote_leaves_no_process(tmp_path: Path, mark: str, after_s: float) -> None:
    kill_zygote(tmp_path, mark, after_s)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_a_killed_zygote_leaves_no_process_at_any_moment(tmp_path: Path, mark: str, seed: int) -> None:
    kill_zygote(tmp_path, mark, 0.1 + 0.2 * random.Random(seed).random())


def test_closing_ends_everything(tmp_path: Path, mark: str) -> None:
    pool = ForkedPool()
    source = LEAVES_A_PROCESS.replace("return 1", "import time\n    time.sleep(77)\n    return 1")
    for number in range(4):
        pool.submit(request(tmp_path, number, source))
    deadline = time.monotonic() + 20
    while len(marked(mark)) < 9 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(marked(mark)) == 9, "a zygote, four attempts and what they started"
    pool.close()
    assert none_left(mark)


def test_a_file_of_the_author_that_is_named_like_a_standard_module_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`email.py` beside a pipeline is found by the tasks that import it, and by nobody else."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("email", "queue", "contextlib", "json"):
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    (folder / "mine.py").write_text("VALUE = 7\n")
    monkeypatch.chdir(folder)
    pool = ForkedPool((str(folder),))
    try:
        pool.submit(request(tmp_path, 1, "def work() -> int:\n    import mine\n    return mine.VALUE\n"))
        (ended,) = collect(pool, 1)
    finally:
        pool.close()
    assert ended.exit_code == 0, (tmp_path / "1" / "log.txt").read_text()
