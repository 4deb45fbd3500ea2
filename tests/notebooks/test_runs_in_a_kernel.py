"""A run in a notebook: a table that changes in place, errors beside their tasks, an interrupt that loses nothing."""

import re
import subprocess
import sys
from html import unescape

STEPS = """
import time
import milonga as ml
from milonga import component, pipeline

@component
def first(n: int) -> int:
    return n + 1

@component
def second(n: int, seconds: float, fail: bool) -> int:
    print("at work <here>")
    time.sleep(seconds)
    if fail:
        raise ValueError("n & m do not fit")
    return n * 10

@pipeline
def whole(n: int = 1, seconds: float = 0.0, fail: bool = False) -> int:
    return second(first(n), seconds, fail)
"""


def words(html: str) -> str:
    """The text of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def interrupt_when(kernel, pattern: str):
    """Interrupts the kernel once when what a cell shows has `pattern` in it."""
    done = []

    def watch(shown) -> None:
        if not done and re.search(pattern, words(shown.html)):
            done.append(True)
            kernel.interrupt()

    return watch


def test_a_run_shows_one_table_that_changes_in_place(kernel):
    kernel.run(STEPS)
    shown = kernel.run("result = ml.run(whole, {'seconds': 1.2})")
    assert not shown.error and not shown.text
    assert len(shown.results) == 1 and 2 <= shown.updates <= 12
    text = words(shown.html)
    assert "first succeeded" in text and "second succeeded" in text and "run of whole succeeded" in text
    assert "<script" not in shown.html and "<style" not in shown.html and " class=" not in shown.html
    assert "second succeeded in" in shown.plain


def test_a_result_shows_outputs_tasks_and_the_report(kernel, tmp_path):
    kernel.run(STEPS)
    kernel.run("ml.run(whole)")
    shown = kernel.run("result = ml.run(whole); result")
    text = words(shown.results[1]["text/html"])
    assert "Output 20" in text and "2 tasks: 2 cached" in text
    (link,) = re.findall(r'href="([^"]*report\.html)"', shown.html)
    assert (tmp_path / link).is_file()
    assert shown.results[1]["text/plain"].startswith("<run ")
    assert "2 from the cache" in shown.results[1]["text/plain"]


def test_a_failed_task_shows_its_error_and_the_end_of_its_log(kernel):
    kernel.run(STEPS)
    shown = kernel.run("result = ml.run(whole, {'fail': True})")
    assert not shown.error
    text = words(shown.html)
    assert "E410" in text and "n & m do not fit" in text and "at work <here>" in text
    assert "resume=" in text
    assert "E410" in words(kernel.run("result").html)


def test_ten_thousand_events_are_a_few_updates(kernel):
    kernel.run("from milonga.engine.progress.notebook import NotebookProgress; from milonga.lineage import *")
    kernel.run("from pathlib import Path; import time")
    shown = kernel.run(
        "p = NotebookProgress(); run = RunRecord('r', 'p', '', 'RUNNING', time.time())\n"
        "p.run_started(run, Path())\nbegin = time.monotonic()\n"
        "for i in range(10_000):\n"
        "    p.step_started(f's[{i}]', 1)\n"
        "    p.task_ended(TaskRecord('r', f's[{i}]', 'SUCCEEDED', started_at=1.0, ended_at=2.0))\n"
        "took = time.monotonic() - begin\n"
        "p.run_ended(RunRecord('r', 'p', '', 'SUCCEEDED', run.created_at, ended_at=time.time()), Path())"
    )
    took = kernel.value("took")
    assert shown.updates <= took * 5 + 3
    assert "10000 tasks: 10000 succeeded" in words(shown.html) and len(shown.html) < 200_000


def test_an_interrupted_kernel_leaves_a_run_that_goes_on(kernel):
    kernel.run(STEPS)
    message = kernel.send("result = ml.run(whole, {'seconds': 30.0})")
    shown = kernel.gather(message, interrupt_when(kernel, "second running"))
    text = words(shown.html)
    assert "cancelled" in text and "It was interrupted; what had finished is kept." in text and "resume=" in text
    assert kernel.value("result.state") == "CANCELLED"
    kernel.run("STARTED = __import__('time').time()")
    resumed = kernel.send("again = ml.run(whole, {'seconds': 30.0}, resume=result.run_id)")
    kernel.gather(resumed, interrupt_when(kernel, "second running"))
    assert kernel.value("again.tasks['first'].ended_at < STARTED")


def test_nothing_is_drawn_after_an_engine_that_broke_down(kernel):
    kernel.run("from milonga.engine.progress.notebook import NotebookProgress; from milonga.lineage import RunRecord")
    kernel.run("from pathlib import Path; import threading")
    shown = kernel.run("p = NotebookProgress(); p.run_started(RunRecord('r', 'p', '', 'RUNNING', 1.0), Path()); 1 / 0")
    assert shown.error
    kernel.run("import time; time.sleep(1.5)")
    assert kernel.value("[t.name for t in threading.enumerate() if t.name == 'milonga-display']") == []


def test_in_process_steps_print_into_the_cell(kernel):
    kernel.run(STEPS)
    shown = kernel.run("result = ml.run(whole, mode='in-process')")
    assert "at work <here>" in shown.text and "second succeeded" in words(shown.html)


def test_a_mistake_is_an_error_without_frames_of_the_library(kernel):
    kernel.run(STEPS)
    kernel.run("@pipeline\ndef wrong(n: int) -> int:\n    return first('x')")
    shown = kernel.run("wrong")
    assert "E113" in words(shown.html) and re.search(r"In \[\d+\], line 3", words(shown.html))
    assert not shown.error
    failed = kernel.client.execute_interactive("ml.compile(wrong)", output_hook=lambda message: None, timeout=60)
    lines = "\n".join(failed["content"]["traceback"])
    assert "E113" in lines and "Traceback" not in lines and "tracer.py" not in lines and "ipykernel_" not in lines


def test_outside_of_a_kernel_a_run_writes_lines(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import IPython\n" + STEPS + "\nif __name__ == '__main__':\n    print(ml.run(whole))\n")
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "first succeeded" in done.stderr and done.stdout.startswith("<run ")
