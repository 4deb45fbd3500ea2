"""A pod with several tasks tells Argo how many of its steps have ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga import component, pipeline
from milonga.engine.pod.together.progress import Progress

Shared = Callable[..., Any]


@component
def say(text: str) -> str:
    return text


@component
def words(text: str) -> list[str]:
    return text.split()


@component
def stop(text: str) -> str:
    raise RuntimeError(text)


@pipeline
def inner(text: str) -> str:
    return say.options(name="second")(say.options(name="first")(text))


@pipeline
def everything(text: str = "a b c") -> None:
    """Steps: words, 3 x (step, 2 x 1 inside, 2 of the inner pipeline), 3 skipped ones."""
    with ml.ParallelFor(words(text)) as word:
        made = say(word)
        with ml.ParallelFor(["x", "y"]) as letter:
            say.options(after=made)(letter)
        inner(word)
    with ml.If(text == "never"):
        inner(text)
        say(text)


@pipeline
def failing(text: str = "a b") -> None:
    """Steps: the one that fails, the one that waits for it; of the loop nobody knows how many there would have been."""
    made = stop(text)
    say(made)
    with ml.ParallelFor(words(made)) as word:
        say(word)


@pytest.mark.parametrize(("flow", "phase", "told"), [(everything, "Succeeded", "19/19"), (failing, "Failed", "3/3")])
def test_in_the_end_all_steps_have_ended(flow: Any, phase: str, told: str, shared: Shared, tmp_path: Path) -> None:
    run = shared(flow).run()
    assert run.phase == phase and len(run.pods) == 1, run.log
    (file,) = (tmp_path / "cluster").rglob("progress")
    assert file.read_text() == f"{told}\n"


def test_the_file_is_written_now_and_then_and_has_the_last_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("milonga.engine.pod.together.progress.time.monotonic", lambda: now[0])
    file = tmp_path / "progress"
    progress = Progress(file)
    progress.tell()
    assert not file.exists(), "nothing is known yet"
    progress.expect(3)
    progress.tell()
    assert file.read_text() == "0/3\n"
    progress.ended(2)
    progress.tell()
    assert file.read_text() == "0/3\n", "a moment later"
    now[0] += 1.0
    progress.tell()
    assert file.read_text() == "2/3\n", "although nothing has ended since"


def test_what_ended_quickly_is_told_while_the_next_step_works(tmp_path: Path, shared: Shared) -> None:
    run = shared(quick_then_slow).run({"folder": str(tmp_path)})
    assert run.phase == "Succeeded" and len(run.pods) == 1, run.log


@component
def wait_for_progress(text: str, folder: str) -> None:
    """Ends as soon as the file says that the step before has ended."""
    import time
    from pathlib import Path

    until = time.monotonic() + 30
    while not any(path.read_text() == "1/2\n" for path in Path(folder).rglob("progress")):
        if time.monotonic() > until:
            raise RuntimeError("nobody has told")
        time.sleep(0.05)


@pipeline
def quick_then_slow(folder: str) -> None:
    wait_for_progress(say("a"), folder)


def test_a_place_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (None, tmp_path / "file" / "progress", tmp_path):
        progress = Progress(path)
        progress.expect(1)
        progress.tell()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
