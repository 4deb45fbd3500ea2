"""The pool of forked workers, killed at any moment, loses its attempts and nothing else."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import resource
import signal
import subprocess
import sys
import termios
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from milonga.engine.workers.base import Limits, StepEnded, StepRequest
from milonga.engine.workers.forked import ForkedPool
from milonga.engine.workers.memory import memory_of_sessions
from milonga.engine.workers.readiness import wait_for_ready
from milonga.engine.workers.strays import end_marked
from milonga.engine.workers.workforce import Workforce

QUICK = "def work() -> int:\n    return 1\n"
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
        now = pool.collect()
        if not now:
            wait_for_ready(pool.streams(), timeout_s=1.0)
        ended += now
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
    pool.submit(request(tmp_path, 99, QUICK))
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


def shrink(pipe: IO[bytes] | None) -> int:
    """Let a pipe of the zygote hold no more than a page; its descriptor."""
    assert pipe is not None
    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, 4096)
    return pipe.fileno()


@pytest.mark.skipif(sys.platform != "linux", reason="pipes have one size elsewhere")
def test_requests_that_wait_for_room_and_reports_that_wait_for_a_reader_do_not_wait_for_each_other(
    tmp_path: Path,
) -> None:
    """As with a run of more than a thousand steps at once, at a size that a test can wait for."""
    pool = ForkedPool()
    shrink(pool._process.stdin)
    shrink(pool._process.stdout)
    watchdog = threading.Timer(30, pool._process.kill)  # ends a deadlock, and every attempt with E417
    watchdog.start()
    try:
        for number in range(80):
            pool.submit(request(tmp_path, number, QUICK + "#" * 3000))
        ended = collect(pool, 80)
    finally:
        watchdog.cancel()
        pool.close()
    assert sorted(item.id for item in ended) == list(range(80)), "each attempt is reported once"
    assert {item.exit_code for item in ended} == {0}


@pytest.mark.skipif(sys.platform != "linux", reason="pipes have one size elsewhere")
def test_an_engine_that_takes_no_reports_does_not_stop_the_zygote(tmp_path: Path, mark: str) -> None:
    pool = ForkedPool()
    reports = shrink(pool._process.stdout)
    place = tmp_path / "pid"
    lasting = f"def work() -> int:\n    import os, time\n    open({str(place)!r}, 'w').write(str(os.getpid()))\n"
    pool.submit(request(tmp_path, 0, lasting + "    time.sleep(77)\n    return 1\n"))
    wait_until(lambda: place.exists() and bool(place.read_text()))
    for number in range(1, 61):
        pool.submit(request(tmp_path, number, QUICK))
    wait_until(lambda: int.from_bytes(fcntl.ioctl(reports, termios.FIONREAD, bytes(4)), sys.byteorder) > 3800)
    time.sleep(0.3)
    pool.kill(0)
    pid = place.read_text()
    wait_until(lambda: not Path("/proc", pid).exists())
    gone = not Path("/proc", pid).exists()
    pool.close()
    assert gone, "a request to kill is heard"
    assert none_left(mark)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.fixture
def many_open_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("no more than 2048 files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(Path(os.devnull).open())
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_open_files")
def test_a_program_with_more_than_1024_open_files_can_run_steps(tmp_path: Path) -> None:
    workers = Workforce({"milonga": ForkedPool})
    try:
        workers.submit(request(tmp_path, 1, QUICK))
        ended = workers.wait(30) or workers.wait(30)  # the first may be for its process id only
    finally:
        workers.close()
    assert [item.exit_code for item in ended] == [0]


@pytest.mark.parametrize("timeout_s", [-1.0, 0.0, 0.0001, 1e30, float("inf"), None])
def test_a_wait_of_any_length_ends_when_something_can_be_read(timeout_s: float | None) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b".")
        assert wait_for_ready([reading], timeout_s=timeout_s) == {reading}
        assert wait_for_ready([], [writing], timeout_s=timeout_s) == {writing}
    finally:
        os.close(reading)
        os.close(writing)


def test_an_attempt_whose_folder_cannot_be_made_does_not_count_as_running(tmp_path: Path) -> None:
    workers = Workforce({"milonga": ForkedPool})
    (tmp_path / "file").touch()
    try:
        workers.submit(request(tmp_path, 1, QUICK))
        assert workers.wait(30) or workers.wait(30)
        with pytest.raises(NotADirectoryError):
            workers.submit(request(tmp_path / "file", 2, QUICK))
        (pool,) = workers._pools.values()
        assert pool.streams() == [], "nothing is waited for"
    finally:
        workers.close()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is seen on Linux only")
def test_one_look_tells_the_memory_of_every_session() -> None:
    source = "import sys; held = bytearray(int(sys.argv[1]) << 20); print(flush=True); sys.stdin.read()"
    sizes = (8, 64)
    with contextlib.ExitStack() as stack:
        programs = []
        for size in sizes:
            command = [sys.executable, "-c", source, str(size)]
            program = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
            )
            stack.callback(program.kill)
            assert program.stdout is not None
            program.stdout.readline()
            programs.append(program)
        held = memory_of_sessions([program.pid for program in programs])
        small, large = (held[program.pid] / 2**20 for program in programs)
    assert 8 < small < 64 < large < 128


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="this kernel does not count what a process reads")
def test_memory_is_not_looked_at_whenever_something_happens(tmp_path: Path) -> None:
    """A look goes through all processes of the machine: a busy run must not pay for it at every message."""
    pool = ForkedPool()
    source = "def work() -> int:\n    import time\n    time.sleep(77)\n    return 1\n"
    attempt = replace(request(tmp_path, 1, source), limits=Limits(memory_bytes=1 << 30))
    pool.submit(attempt)
    counts = Path(f"/proc/{pool._process.pid}/io")

    def reads() -> int:
        return int(counts.read_text().split("syscr:")[1].split()[0])

    try:
        wait_until(lambda: (tmp_path / "1" / "log.txt").exists())
        before = reads()
        for _ in range(300):
            pool.kill(99)  # nobody's number: a message that changes nothing
            time.sleep(0.001)
        assert reads() - before < 900
    finally:
        pool.close()


def test_without_a_mark_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("milonga.engine.workers.strays._PROC", tmp_path)  # a mistake here must not end this machine
    with pytest.raises(ValueError, match="empty mark"):
        end_marked("")
