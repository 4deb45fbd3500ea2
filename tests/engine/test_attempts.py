"""How attempts fail, are repeated, run out of time and leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.engine.progress import LineProgress


def error_of(result, path: str) -> dict:
    assert result.state == "FAILED", result.state
    return dict(result.tasks[path].error)


def is_running(pid: int) -> bool:
    """Whether that process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


# Retries ---------------------------------------------------------------------------------------------------------


@component
def flaky(ledger: str, good_from: int) -> int:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write(f"{time.time()}\n")
    count = len(Path(ledger).read_text().splitlines())
    if count < good_from:
        raise ConnectionError(f"not yet, {count}")
    return count


@pipeline
def retried(ledger: str, good_from: int) -> int:
    return flaky.options(retries=3, backoff_s=0.05, backoff_factor=2)(ledger, good_from)


def test_a_failed_attempt_is_repeated_until_it_succeeds(play_both, ledger: Path, lines_of) -> None:
    result = play_both(retried, {"ledger": str(ledger), "good_from": 3}).raise_for_state()
    assert result.outputs["Output"] == 3 and result.tasks["flaky"].attempts == 3 and not result.tasks["flaky"].error
    times = [float(line) for line in lines_of()]
    assert times[1] - times[0] >= 0.05 and times[2] - times[1] >= 0.1


def test_attempts_are_counted_and_each_keeps_its_folder(play_both, ledger: Path, lines_of) -> None:
    result = play_both(retried, {"ledger": str(ledger), "good_from": 99})
    assert error_of(result, "flaky")["message"] == "ConnectionError: not yet, 4"
    assert len(lines_of()) == 4 and result.tasks["flaky"].attempts == 4
    logs = sorted((result.folder / "tasks" / "flaky").glob("attempt-*/log.txt"))
    assert [f"not yet, {count}" in log.read_text() for count, log in enumerate(logs, 1)] == [True] * 4


@pipeline
def impatient(ledger: str) -> int:
    return flaky.options(retries=4, backoff_s=0.01, backoff_factor=1000, backoff_max_s=0.05)(ledger, 5)


def test_a_pause_is_never_longer_than_its_limit(play, ledger: Path) -> None:
    play(impatient, {"ledger": str(ledger)}).raise_for_state()


# Ends of all kinds -----------------------------------------------------------------------------------------------


@component
def kill_self(number: int) -> int:
    os.kill(os.getpid(), number)
    time.sleep(30)
    return number


@pipeline
def killed(number: int) -> int:
    return kill_self(number)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, "E415"), (signal.SIGTERM, "E416"), (signal.SIGSEGV, "E416")]
)
def test_a_task_that_dies_of_a_signal(play, number: int, code: str) -> None:
    error = error_of(play(killed, {"number": int(number)}), "kill-self")
    assert error["code"] == code and f"signal {int(number)}" in error["message"]


@component
def leave(how: str) -> int:
    if how == "exit":
        sys.exit(3)
    if how == "text":
        sys.exit("no more")
    if how == "hard":
        os._exit(4)
    if how == "base":
        raise BaseException("odd")
    sys.exit(0)


@component
def leave_silently() -> None:
    sys.exit(0)


@pipeline
def left(how: str) -> int:
    return leave(how)


@pipeline
def left_silently() -> None:
    leave_silently()


@pytest.mark.parametrize(
    ("how", "code", "text"),
    [("exit", "E410", "SystemExit: 3"), ("text", "E410", "no more"), ("base", "E410", "odd"), ("zero", "E416", "")],
)
def test_a_task_that_leaves_without_a_result_has_failed(play_both, how: str, code: str, text: str) -> None:
    error = error_of(play_both(left, {"how": how}), "leave")
    assert error["code"] == code and text in error["message"]


def test_a_process_that_ends_at_once_has_failed(play) -> None:
    error = error_of(play(left, {"how": "hard"}), "leave")
    assert error["code"] == "E416" and "exit code 4" in error["message"]


def test_a_task_without_outputs_may_leave_with_zero(play_both) -> None:
    play_both(left_silently).raise_for_state()


@component
def recurse(depth: int) -> int:
    return recurse(depth + 1)


@pipeline
def endless() -> int:
    return recurse(0)


def test_a_traceback_shows_the_authors_lines(play_both) -> None:
    error = error_of(play_both(endless), "recurse")
    assert error["message"].startswith("RecursionError") and "return recurse(depth + 1)" in error["traceback"]
    assert "milonga/engine" not in error["traceback"] and "milonga/runtime" not in error["traceback"]


@component(packages=["surely-not-installed-anywhere>=2"])
def needs_package() -> int:
    return 1


@component(packages=["pyyaml>=999"])
def needs_newer() -> int:
    return 1


@pipeline
def missing() -> None:
    needs_package()
    needs_newer()


def test_a_missing_package_is_named_with_what_would_help(play_both) -> None:
    result = play_both(missing, install=False)
    for path, requirement in (("needs-package", "surely-not-installed-anywhere>=2"), ("needs-newer", "pyyaml>=999")):
        error = error_of(result, path)
        assert error["code"] == "E442" and error["got"] == requirement and "pip install" in error["hint"]


CONTAINER = {
    "pipelineInfo": {"name": "boxed"},
    "schemaVersion": "2.1.0",
    "sdkVersion": "kfp-2.17.0",
    "components": {"comp-box": {"executorLabel": "exec-box"}},
    "deploymentSpec": {"executors": {"exec-box": {"container": {"image": "alpine:3", "command": ["true"]}}}},
    "root": {"dag": {"tasks": {"box": {"componentRef": {"name": "comp-box"}, "taskInfo": {"name": "box"}}}}},
}


def test_without_an_engine_a_container_component_is_refused_by_name(play, monkeypatch: pytest.MonkeyPatch) -> None:
    from milonga.compiler.graph import Graph

    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", "none")
    error = error_of(play(Graph.from_documents((CONTAINER,))), "box")
    assert error["code"] == "E440" and "alpine:3" in error["message"]


# Time and processes ----------------------------------------------------------------------------------------------


@component
def start_grandchild(pids: str) -> int:
    import subprocess

    child = subprocess.Popen(["sleep", "300"])
    Path(pids).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(300)
    return child.pid


@pipeline
def slow(pids: str) -> int:
    return start_grandchild.options(timeout_s=1)(pids)


def test_a_timeout_ends_the_task_and_all_its_processes(play, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    error = error_of(play(slow, {"pids": str(pids)}), "start-grandchild")
    assert error["code"] == "E419" and "1 s" in error["message"]
    assert all(gone(int(pid)) for pid in pids.read_text().split())


@component
def leave_grandchild(pids: str) -> int:
    import subprocess

    child = subprocess.Popen(["sleep", "300"])
    Path(pids).write_text(str(child.pid))
    return child.pid


@pipeline
def leaves_process(pids: str) -> int:
    return leave_grandchild(pids)


def test_a_process_that_a_task_left_behind_is_ended(play, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    play(leaves_process, {"pids": str(pids)}).raise_for_state()
    assert gone(int(pids.read_text()))


def _tree(root: int) -> dict[int, list[str]]:
    """Process id → command line of everything below `root`."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found: dict[int, list[str]] = {}
    for pid in parents:
        above = pid
        while above in parents and above != root:
            above = parents[above]
        if above == root and pid != root:
            with contextlib.suppress(OSError):
                found[pid] = (Path("/proc") / str(pid) / "cmdline").read_text().split("\0")
    return found


@component
def kill_parent(pids: str) -> int:
    """What a memory killer may do: take the process that all attempts come from."""
    import subprocess

    child = subprocess.Popen(["sleep", "300"])
    Path(pids).write_text(f"{os.getppid()} {os.getpid()} {child.pid}")
    time.sleep(0.1)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(30)
    return 1


@component
def plain(value: int) -> int:
    return value


@pipeline
def zygote_dies(pids: str) -> int:
    kill_parent(pids)
    return plain(plain(1))


def test_the_death_of_the_zygote_fails_only_what_ran_in_it(play, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    result = play(zygote_dies, {"pids": str(pids)}, jobs=1)
    assert error_of(result, "kill-parent")["code"] == "E417"
    assert result.tasks["plain-2"].state == "SUCCEEDED" and result.outputs == {"Output": 1}
    assert all(gone(int(pid)) for pid in pids.read_text().split())


@component
def kill_parent_once(pids: str) -> int:
    if not Path(pids).exists():
        Path(pids).touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(30)
    return 5


@pipeline
def zygote_dies_once(pids: str) -> int:
    return kill_parent_once.options(retries=1)(pids)


def test_an_attempt_lost_with_the_zygote_may_be_repeated(play, tmp_path: Path) -> None:
    assert play(zygote_dies_once, {"pids": str(tmp_path / "flag")}).raise_for_state().outputs["Output"] == 5


def test_no_process_stays_after_a_run(play) -> None:
    before = set(_tree(os.getpid()))
    play(left_silently).raise_for_state()
    assert set(_tree(os.getpid())) <= before


# Output of tasks -------------------------------------------------------------------------------------------------


@component
def talk(lines: int) -> int:
    for index in range(lines):
        print(f"line {index} ñ")
    print("to stderr", file=sys.stderr)
    os.write(1, b"from below\n\xff\xfe\n")
    return lines


@pipeline
def talkative(lines: int) -> int:
    return talk(lines)


def test_a_hundred_thousand_lines_are_kept(play) -> None:
    result = play(talkative, {"lines": 100_000}).raise_for_state()
    log = (result.folder / result.tasks["talk"].log).read_bytes()
    assert log.count(b"line ") == 100_000 and b"line 99999 \xc3\xb1\n" in log
    assert b"to stderr\n" in log and b"from below\n\xff\xfe\n" in log


def test_stdout_of_the_engine_stays_clean(play_both, capfd) -> None:
    play_both(talkative, {"lines": 1}).raise_for_state()
    out, _ = capfd.readouterr()
    assert "line 0" not in out and "to stderr" not in out


@component
def finish_in_thread(place: str) -> Dataset:
    import atexit

    made = Dataset.create()
    target = made.path / "late.txt"

    def write_late() -> None:
        time.sleep(0.3)
        target.write_text("late")

    threading.Thread(target=write_late).start()
    atexit.register(lambda: Path(place).write_text("said goodbye"))
    return made


@pipeline
def with_thread(place: str) -> Dataset:
    return finish_in_thread(place)


def test_threads_end_and_goodbyes_are_said_before_a_task_counts_as_done(play, tmp_path: Path) -> None:
    result = play(with_thread, {"place": str(tmp_path / "bye")}).raise_for_state()
    assert (Path(result.outputs["Output"].uri) / "late.txt").read_text() == "late"
    assert (tmp_path / "bye").read_text() == "said goodbye"


@component
def read_stdin() -> str:
    return sys.stdin.read()


@pipeline
def reads_stdin() -> str:
    return read_stdin()


def test_a_task_has_no_input_to_wait_for(play) -> None:
    assert play(reads_stdin).raise_for_state().outputs["Output"] == ""


@component
def environment() -> str:
    return f"{os.environ.get('LEVEL')} {os.environ.get('TOKEN')} {os.environ.get('MIXED')}"


@pipeline
def with_environment() -> str:
    return environment.options(
        environment={"LEVEL": "3", "MIXED": "$(LEVEL)-$(NONE)"}, secrets={"TOKEN": "vault/token"}
    )()


def test_variables_and_secrets_reach_the_task_and_nobody_else(play_both) -> None:
    result = play_both(with_environment, secrets={"vault": {"token": "s3cret"}}).raise_for_state()
    assert result.outputs["Output"] == "3 s3cret 3-$(NONE)"
    assert "LEVEL" not in os.environ and "TOKEN" not in os.environ
    error = error_of(play_both(with_environment), "environment")
    assert error["code"] == "E443" and "vault" in error["message"] and "token" in error["message"]


def test_progress_lines_tell_what_happened(play, capsys) -> None:
    play(left, {"how": "text"}, progress=LineProgress())
    _, err = capsys.readouterr()
    assert "leave started" in err and "leave failed" in err and "no more" in err and "FAILED" in err


# Size ------------------------------------------------------------------------------------------------------------


@pipeline
def many_iterations() -> None:
    with ml.ParallelFor(list(range(2000))) as item:
        plain(item)


@pipeline
def many_tasks() -> None:
    for index in range(2000):
        plain(index)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["isolated", "in-process"])
@pytest.mark.parametrize("target", [many_iterations, many_tasks], ids=["iterations", "tasks"])
def test_two_thousand_steps_finish(play, target, mode: str) -> None:
    result = play(target, mode=mode, cache=False).raise_for_state()
    steps = [task for task in result.tasks.values() if task.kind == "step"]
    assert len(steps) == 2000 and sorted(task.outputs["Output"] for task in steps) == list(range(2000))


@pipeline
def three_hundred() -> None:
    with ml.ParallelFor(list(range(300))) as item:
        plain(item)


@pytest.mark.slow
def test_three_hundred_iterations_finish_and_come_from_the_cache_next_time(play) -> None:
    play(three_hundred).raise_for_state()
    again = play(three_hundred).raise_for_state()
    assert all(task.cached for task in again.tasks.values() if task.kind == "step")


def _iterated_step(count: int) -> dict:
    """A loop whose body is a step itself, which KFP's format allows and its compiler does not write."""
    from milonga.compiler.trace import trace

    document = trace(one_step).graph.to_documents()[0]
    task = document["root"]["dag"]["tasks"]["plain"]
    items = [*range(count)]
    task["parameterIterator"] = {"items": {"raw": str(items)}, "itemInput": "value"}
    del task["inputs"]
    return document


@pipeline
def one_step() -> None:
    plain(1)


@pytest.mark.slow
def test_an_iterator_directly_on_a_step(play) -> None:
    from milonga.compiler.graph import Graph

    graph = Graph.from_documents((_iterated_step(300),))
    for cached in (False, True):
        result = play(graph).raise_for_state()
        steps = [task for task in result.tasks.values() if task.kind == "step"]
        assert len(steps) == 300 and all(task.cached is cached for task in steps)
