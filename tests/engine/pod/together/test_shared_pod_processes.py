"""What tasks may do to the pod that they share: end in every way, write in every way, and leave things behind."""

from __future__ import annotations

import itertools
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga import component, pipeline

Shared = Callable[..., Any]


@component
def say(text: str) -> str:
    return text


@component
def exit_with(code: int) -> str:
    import sys

    sys.exit(code)


@component
def exit_saying(text: str) -> str:
    import sys

    sys.exit(text)


@component
def interrupt(text: str) -> str:
    raise KeyboardInterrupt(text)


@component
def kill_itself(text: str) -> str:
    import os

    os.kill(os.getpid(), 9)
    return text


@component
def leave_at_once(text: str) -> str:
    import os

    os._exit(0)


# Ends --------------------------------------------------------------------------------------------------------------


@pipeline
def ends_with_a_code(code: int) -> str:
    return say(exit_with(code))


@pytest.mark.parametrize("code", [0, 3])
def test_a_task_that_ends_the_process_has_failed_and_the_exit_code_is_noted(code: int, shared: Shared) -> None:
    argo = shared(ends_with_a_code)
    assert argo.run({"code": code}).phase == "Failed"
    row = argo.rows["exit-with"]
    assert (row["state"], row["cause"]) == ("FAILED", f"E416: the process ended with exit code {code} without a result")
    assert row["attempts"][0]["exit"] == (code or 1)
    assert argo.rows["say"]["state"] == "NOT_RUN" and argo.kept == [] and argo.codes == [1]


@pipeline
def ends_saying_why() -> None:
    exit_saying("the reason")
    interrupt("the other reason")


def test_what_a_task_says_while_it_leaves_is_in_the_log(shared: Shared) -> None:
    run = shared(ends_saying_why).run()
    assert "[exit-saying] the reason" in run.log
    assert "[interrupt] KeyboardInterrupt: the other reason" in run.log


@pipeline
def one_is_killed() -> str:
    kill_itself("x")
    leave_at_once("y")
    return say("z")


def test_a_task_that_is_killed_tells_of_memory_and_others_are_stored(shared: Shared) -> None:
    argo = shared(one_is_killed)
    run = argo.run()
    rows = argo.rows
    assert run.phase == "Failed" and rows["kill-itself"]["cause"].startswith("E415: ")
    assert rows["kill-itself"]["attempts"][0]["exit"] == -9
    assert rows["leave-at-once"]["cause"] == "E416: the process ended with exit code 0 without a result"
    assert rows["say"]["state"] == "SUCCEEDED" and argo.kept == ["say/r.tgz"]


@component
def hang_with_a_child(pids: str) -> str:
    import subprocess
    import time

    with open(pids, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(str(subprocess.Popen(["sleep", "300"]).pid))
    time.sleep(300)
    return pids


@pipeline
def times_out(pids: str) -> str:
    say("a")
    return hang_with_a_child.options(timeout_s=1)(pids)


def test_a_task_that_takes_too_long_is_ended_with_all_that_it_has_started(shared: Shared, tmp_path: Path) -> None:
    argo = shared(times_out)
    run = argo.run({"pids": str(tmp_path / "pid")})
    row = argo.rows["hang-with-a-child"]
    assert run.phase == "Failed" and row["cause"] == "E419: timed out after 1 s"
    assert _is_gone(int((tmp_path / "pid").read_text()))


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


# Attempts ----------------------------------------------------------------------------------------------------------


@component
def fail_twice(path: str) -> str:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("x")
    with open(path, encoding="utf-8") as stream:  # noqa: PTH123
        count = len(stream.read())
    print(f"attempt {count}")
    if count < 3:
        raise RuntimeError(f"attempt {count} fails")
    return path


@pipeline
def repeated(path: str) -> str:
    return say(fail_twice.options(retries=3, backoff_s=1, backoff_factor=1)(path))


@pytest.mark.slow
def test_attempts_are_repeated_after_a_pause_and_have_lines_and_rows_of_their_own(
    shared: Shared, tmp_path: Path
) -> None:
    argo = shared(repeated)
    run = argo.run({"path": str(tmp_path / "count")})
    assert run.phase == "Succeeded", run.log
    attempts = argo.rows["fail-twice"]["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert attempts[0]["cause"] == "E410: RuntimeError: attempt 1 fails"
    pauses = [after["started_at"] - before["ended_at"] for before, after in itertools.pairwise(attempts)]
    assert min(pauses) >= 0.99
    assert "[fail-twice] attempt 1\n" in run.log and "[fail-twice #3] attempt 3\n" in run.log
    assert len(run.pods) == 1


# The pod is ended ---------------------------------------------------------------------------------------------------


@component
def end_the_pod(text: str) -> str:
    import os
    import signal
    import time

    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(300)
    return text


@pipeline
def ended_in_the_middle() -> str:
    first = say.options(name="first")("a")
    end_the_pod(first)
    return say.options(name="after")(end_the_pod.options(name="other")(first))


def test_a_pod_that_is_ended_stores_what_was_made_and_notes_what_was_cancelled(shared: Shared) -> None:
    argo = shared(ended_in_the_middle)
    assert argo.run().phase == "Failed" and argo.codes == [143]
    states = {path: row["state"] for path, row in argo.rows.items()}
    assert states["first"] == "SUCCEEDED" and states["end-the-pod"] == "CANCELLED" and "after" not in states
    assert argo.kept == ["first/r.tgz"]
    _assert_whole(argo.bucket)


@component
def end_the_pod_soon(text: str) -> str:
    """Leaves a process behind that has left the group."""
    import os
    import signal
    import time

    pod = os.getppid()
    if os.fork() == 0:
        os.setsid()
        time.sleep(1)
        os.kill(pod, signal.SIGTERM)
        os._exit(0)
    raise RuntimeError(text)


@component
def fail(text: str) -> str:
    raise RuntimeError(text)


@pipeline
def ended_in_a_pause() -> None:
    fail.options(retries=1, backoff_s=50)("x")
    end_the_pod_soon("y")


def test_a_pod_that_is_ended_in_a_pause_does_not_wait_for_its_end(shared: Shared) -> None:
    argo = shared(ended_in_a_pause)
    assert argo.run().phase == "Failed" and argo.codes == [143, 143]
    assert argo.rows["fail"]["state"] == "CANCELLED"


def _assert_whole(bucket: Path) -> None:
    for path in bucket.rglob("*"):
        if path.is_file():
            assert not path.name.startswith("."), path
            if path.suffix == ".tgz":
                with tarfile.open(path) as archive:
                    assert archive.getmembers()


# Output ------------------------------------------------------------------------------------------------------------


@component
def write_without_end(size: int) -> int:
    import sys

    sys.stdout.write("x" * size)
    sys.stdout.flush()
    return size


@component
def close_all_streams(text: str) -> str:
    import os

    os.close(1)
    os.close(2)
    return text


@component
def leave_a_writer(pids: str) -> str:
    """A process that has left the group, holds the pipe, and writes and writes."""
    import os

    if os.fork() == 0:
        os.setsid()
        with open(pids, "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write(str(os.getpid()))
        try:
            while True:
                os.write(1, b"and on\n" * 1000)
        finally:
            os._exit(0)
    return pids


@component
def leave_a_thread(path: str) -> str:
    import threading
    import time

    def work() -> None:
        time.sleep(0.3)
        with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write("done")

    threading.Thread(target=work).start()
    return path


@pipeline
def writes_a_lot(size: int) -> int:
    return write_without_end(size)


@pipeline
def writes_strangely(size: int, pids: str, path: str) -> str:
    write_without_end(size)
    close_all_streams("x")
    leave_a_writer(pids)
    return leave_a_thread(path)


def test_streams_and_threads_are_the_tasks_own_business(shared: Shared, tmp_path: Path) -> None:
    pids, path = tmp_path / "pid", tmp_path / "thread"
    argo = shared(writes_strangely)
    try:
        run = argo.run({"size": 1_000_000, "pids": str(pids), "path": str(path)})
        assert run.phase == "Succeeded", run.log[-2000:]
        assert path.read_text() == "done", "it is waited for, as Python does"
        lines = [line for line in run.log.splitlines() if line.startswith("[write-without-end] ")]
        assert sum(len(line.removeprefix("[write-without-end] ")) for line in lines) == 1_000_000
    finally:
        if pids.exists():
            assert _is_gone(int(pids.read_text())), "nobody reads what it writes"


# Surroundings --------------------------------------------------------------------------------------------------------


@component
def change_surroundings(text: str) -> str:
    import os
    import sys
    import tempfile

    os.environ["CHANGED"] = "yes"
    os.chdir("/")
    sys.path.insert(0, "/nowhere")
    sys.modules["json"] = None  # type: ignore[assignment]
    return tempfile.gettempdir()


@component
def look_at_surroundings(other: str) -> list[str]:
    import os
    import sys
    import tempfile

    own = tempfile.gettempdir()
    return [
        os.environ.get("CHANGED", "no"),
        str(os.path.abspath(".") == "/"),  # noqa: PTH100
        str("/nowhere" in sys.path),
        str(own == other),
    ]


@pipeline
def surroundings() -> list[str]:
    return look_at_surroundings(change_surroundings("x"))


def test_what_a_task_changes_in_its_process_no_other_sees(shared: Shared) -> None:
    argo = shared(surroundings)
    run = argo.run()
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": ["no", "False", "False", "False"]}


# Many --------------------------------------------------------------------------------------------------------------


@component
def up_to(count: int) -> list[int]:
    return list(range(count))


@component
def double(number: int) -> int:
    return 2 * number


@component
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def many(count: int) -> int:
    with ml.ParallelFor(up_to(count)) as number:
        made = double(number)
    return total(ml.Collected(made))


@pytest.mark.slow
def test_500_iterations_run_in_one_pod_in_a_time_that_grows_as_they_do(shared: Shared) -> None:
    taken, argo = {}, shared(many)
    for count in (50, 500):
        started = time.monotonic()
        run = argo.run({"count": count})
        taken[count] = time.monotonic() - started
        assert run.phase == "Succeeded" and len(run.pods) == 1, run.log[-2000:]
        assert argo.results() == {"Output": count * (count - 1)}
        assert len(argo.rows["for-loop-1[0]/double"]["attempts"]) == 1
    assert taken[500] < 20 * taken[50]
