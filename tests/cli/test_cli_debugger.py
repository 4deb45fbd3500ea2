"""`--in-process`: a breakpoint in a task is hit, the debugger answers, what is printed goes to stderr and the log."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

FLOW = """
    from milonga import component, pipeline

    @component
    def think(value: int) -> int:
        secret = value * 6
        print("thinking about", value)
        {stop}
        return secret

    @pipeline
    def p(value: int = 7) -> int:
        return think(think(value))
"""


def test_a_breakpoint_is_hit_through_a_pipe(milonga) -> None:
    milonga.write("flow.py", FLOW.format(stop="breakpoint()"))
    ended = milonga(
        "run", "flow.py:p", "--in-process", "--json", stdin="p 'got', secret\ncontinue\nsecret = 5\ncontinue\n"
    )
    assert ended.code == 0, ended.err
    assert "('got', 42)" in ended.err and "think() " in ended.err.replace("think()\n", "think() ")
    assert ended.json["outputs"] == {"Output": 5}, "the debugger changed a local variable"
    assert "flow.py(" in ended.err, "the debugger shows the author's own file"


def test_quitting_the_debugger_fails_the_task_cleanly(milonga) -> None:
    milonga.write("flow.py", FLOW.format(stop="breakpoint()"))
    ended = milonga("run", "flow.py:p", "--in-process", "--json", stdin="quit\n")
    assert ended.code == 1 and ended.json["tasks"]["think"]["state"] == "FAILED"
    assert ended.json["tasks"]["think-2"]["state"] == "NOT_RUN"


def test_a_breakpoint_is_hit_on_a_terminal(milonga) -> None:
    milonga.write("flow.py", FLOW.format(stop="breakpoint()"))
    controller, terminal = pty.openpty()
    engine = subprocess.Popen(
        [sys.executable, "-m", "milonga", "run", "flow.py:p", "--in-process"],
        cwd=milonga.folder,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(terminal)
    seen, answered, deadline = "", 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([controller], [], [], 0.1)[0]:
            try:
                seen += os.read(controller, 65536).decode("utf-8", "replace")
            except OSError:  # the other side has closed
                break
        elif engine.poll() is not None:
            break
        if seen.count("(Pdb)") > answered:
            answered += 1
            os.write(controller, b"continue\n")
    out, _ = engine.communicate(timeout=30)
    os.close(controller)
    assert engine.returncode == 0, seen
    assert answered == 2 and out == b"Output = 252\n" and "thinking about 7" in seen


def test_what_a_task_prints_goes_to_stderr_and_its_log(milonga) -> None:
    milonga.write("flow.py", FLOW.format(stop="pass"))
    ended = milonga("run", "flow.py:p", "--in-process", "--json")
    assert ended.json["outputs"] == {"Output": 252} and "thinking about 42" in ended.err
    logs = [Path(ended.json["tasks"][name]["log"]).read_text() for name in ("think", "think-2")]
    assert logs == ["thinking about 7\n", "thinking about 42\n"]


@pytest.mark.slow
def test_a_debugged_run_gives_the_same_result_as_an_isolated_one(milonga) -> None:
    milonga.write("flow.py", FLOW.format(stop="pass"))
    debugged = milonga("run", "flow.py:p", "--in-process", "--json").json
    isolated = milonga("run", "flow.py:p", "--json").json
    assert debugged["outputs"] == isolated["outputs"]
    assert all(task["cached"] for task in isolated["tasks"].values()), "both modes share results"


def test_a_breakpoint_without_a_terminal_says_what_to_do(milonga) -> None:
    milonga.write("flow.py", FLOW.format(stop="breakpoint()"))
    ended = milonga("run", "flow.py:p")
    assert ended.code == 1 and "BdbQuit" not in ended.err and "Traceback" not in ended.err
    assert "error E410: the step has stopped at a breakpoint, and has no terminal" in ended.err
    assert "--in-process" in ended.err and "--pdb" in ended.err


def test_a_failure_names_the_authors_line(milonga) -> None:
    text = milonga.write("flow.py", FLOW.format(stop="value / 0")).read_text()
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "value / 0" in line)
    ended = milonga("run", "flow.py:p")
    assert ended.code == 1 and f"at: task think, {milonga.folder / 'flow.py'}:{line}\n" in ended.err
