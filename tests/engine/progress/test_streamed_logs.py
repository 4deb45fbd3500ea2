"""Logs while they are written: whole lines, each with its step's name, before the step's end is told."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.engine.progress import LineProgress, StreamedLogs, command_progress
from milonga.engine.progress.log_tail import LogTail, shown_line


def test_every_line_of_every_attempt_is_shown_before_its_end(play, author) -> None:
    module = author(
        """
        import sys
        import time
        from pathlib import Path
        from milonga import component, pipeline

        @component(retries=1)
        def talk(name: str, folder: str) -> None:
            seen = Path(folder) / name
            for number in range(20):
                print(name, number, flush=True)
                time.sleep(0.005)
            sys.stdout.write("no end")
            if name == "b" and not seen.exists():
                seen.write_text("")
                raise ValueError("first time")

        @pipeline
        def flow(folder: str) -> None:
            talk("a", folder)
            talk("b", folder)
        """
    )
    stream = io.StringIO()
    lines: list[str] = []

    class Shared(io.StringIO):
        def write(self, text: str) -> int:
            if text.strip():
                lines.append(text.rstrip("\n"))
            return stream.write(text)

    shared = Shared()
    folder = Path(module.__file__ or "").parent
    progress = StreamedLogs(LineProgress(shared, show_logs=False), lambda text: lines.append(text))
    assert play(module.flow, {"folder": str(folder)}, progress=progress).succeeded
    said = [line for line in lines if line.startswith("talk | ")]
    assert said == [*(f"talk | a {number}" for number in range(20)), "talk | no end"]
    again = [line.removeprefix("talk-2 | ") for line in lines if line.startswith("talk-2 | ")]
    once = [f"b {number}" for number in range(20)]
    assert again[:20] == once and again[-21:-1] == once and again[-1] == "no end"
    assert "ValueError: first time" in "\n".join(again)
    ended = next(index for index, line in enumerate(lines) if re.search(r"talk succeeded", line))
    assert max(index for index, line in enumerate(lines) if line.startswith("talk | ")) < ended


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), max_size=8), max_size=12),
    st.data(),
)
def test_lines_come_out_whole_however_they_are_written(tmp_path_factory, texts: list[str], data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("log") / "log.txt"
    content = "\n".join(texts).encode()
    tail, found, position = LogTail(path), [], 0
    while position < len(content):
        size = data.draw(st.integers(1, len(content) - position))
        with path.open("ab") as stream:
            stream.write(content[position : position + size])
        position += size
        found += tail.lines()
    found += tail.lines(is_over=True)
    assert found == content.decode().split("\n")[: None if content and not content.endswith(b"\n") else -1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["", "a", "bb"]), max_size=9), st.booleans(), st.integers(0, 10))
def test_the_last_lines_are_those_of_the_whole(tmp_path_factory, texts: list[str], is_ended: bool, count: int) -> None:
    path = tmp_path_factory.mktemp("log") / "log.txt"
    path.write_text("\n".join(texts) + ("\n" if is_ended and texts else ""))
    whole = LogTail(path).lines(is_over=True)
    assert LogTail(path, from_last=count).lines(is_over=True) == (whole[-count:] if count else [])


def test_a_log_that_is_not_there_yet_has_no_lines(tmp_path: Path) -> None:
    tail = LogTail(tmp_path / "later.txt", from_last=3)
    assert tail.lines() == []
    (tmp_path / "later.txt").write_text("here\n")
    assert tail.lines() == ["here"] and tail.lines(is_over=True) == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [("plain", "plain"), ("10%\r50%\r100%", "100%"), ("done\r", "done"), ("\x1b[2Jgone", "[2Jgone"), ("a\tb", "a\tb")],
)
def test_what_moves_the_cursor_is_not_shown(line: str, shown: str) -> None:
    assert shown_line(line) == shown


def test_a_command_streams_only_where_nobody_types_into_the_steps() -> None:
    assert isinstance(command_progress(quiet=False, debugging=False, logs=True), StreamedLogs)
    assert isinstance(command_progress(quiet=True, debugging=False, logs=True), StreamedLogs), "quiet is about events"
    assert isinstance(command_progress(quiet=False, debugging=True, logs=True), LineProgress)
    assert isinstance(command_progress(quiet=False, debugging=False), LineProgress)
