"""A new file in a watched folder starts one run, and only when it is complete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from schedule_desk import Desk

from milonga.backends.local.triggers import FileTrigger
from milonga.errors import UsageError

MORNING = "2026-05-01T06:00:00"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in box"
    folder.mkdir()
    return folder


def paths(desk: Desk, schedule) -> list[str]:
    return [Path(firing.work.arguments["path"]).name for firing in desk.all(schedule)]


def settle(desk: Desk, seconds: float = 3) -> None:
    desk.round()
    desk.clock.sleep(seconds)
    desk.round()


def test_a_file_is_given_to_the_input_once(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox, "*.csv")
    (inbox / "a.csv").write_text("1")
    (inbox / "a.txt").write_text("1")
    for _ in range(5):
        settle(here)
    (firing,) = here.all(made)
    assert firing.work.arguments == {"path": str(inbox / "a.csv")} and firing.event == str(inbox / "a.csv")
    assert firing.id.startswith(f"{made.id}:") and firing.due is None
    here.rounds = here.new_rounds()  # after a restart
    settle(here)
    assert len(here.all(made)) == 1


def test_a_file_that_is_written_slowly_fires_when_it_is_complete(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox, settle_s=5)
    with (inbox / "big.csv").open("w") as stream:
        for line in range(20):
            stream.write(f"{line}\n")
            stream.flush()
            here.round()
            here.clock.sleep(4.9)
    assert here.all(made) == []
    settle(here, 5)
    assert paths(here, made) == ["big.csv"]


def test_the_wall_clock_may_jump_while_a_file_is_written(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    (inbox / "a").write_text("half")
    here.round()
    here.clock.jump(hours=5)
    here.round()
    assert here.all(made) == []
    settle(here)
    assert paths(here, made) == ["a"]


def test_files_that_are_there_already_are_not_new_unless_they_are_asked_for(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    (inbox / "old").write_text("1")
    made = here.watch(inbox)
    settle(here)
    assert here.all(made) == []
    (inbox / "old").write_text("other")
    settle(here)
    assert paths(here, made) == ["old"]
    again = here.backend.kept.add(
        here.backend.draft(
            here.graph,
            here_request(),
            FileTrigger(str(inbox), "*", "path"),
            name="all of them",
            arguments={},
            max_concurrency=1,
        ),
        take_present=True,
    )
    settle(here)
    assert paths(here, again) == ["old"]


def here_request():
    from milonga.backends.submit_request import SubmitRequest

    return SubmitRequest()


def test_a_file_that_changes_is_new_again_and_one_that_is_touched_too(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    file = inbox / "a"
    for time in (1_000, 2_000):
        file.write_text("1")
        os.utime(file, (time, time))
        settle(here)
    assert paths(here, made) == ["a", "a"]


def test_by_content_a_copy_is_not_new_and_a_change_is(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    (inbox / "before").write_text("zero")
    made = here.watch(inbox, by_content=True)
    for name, text in (("a", "one"), ("b", "one"), ("c", "zero"), ("a", "two"), ("d", "two")):
        (inbox / name).write_text(text)
        settle(here)
    assert paths(here, made) == ["a", "a"]
    os.utime(inbox / "a", (1, 1))
    settle(here)
    assert len(here.all(made)) == 2


def test_two_schedulers_at_once_record_a_file_once(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    rounds = [here.new_rounds() for _ in range(3)]
    (inbox / "a").write_text("1")
    for _ in range(3):
        for item in rounds:
            item.make()
        here.clock.sleep(3)
    assert paths(here, made) == ["a"]


@pytest.mark.parametrize(
    "name", ["it's", '"q"', "{{x}} {$.y}", "new\nline", "-rf", "snow\N{SNOWMAN}", os.fsdecode(b"\xff.csv")]
)
def test_names_of_files_are_data(desk, inbox: Path, name: str) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    (inbox / name).write_text("1")
    settle(here)
    (firing,) = here.all(made)
    assert firing.work.arguments == {"path": str(inbox / name)}


def test_hidden_files_folders_and_dead_links_are_no_files(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox, "**/*")
    (inbox / ".part.csv.Xy").write_text("1")
    (inbox / "below" / ".hidden").mkdir(parents=True)
    (inbox / "below" / ".hidden" / "a").write_text("1")
    (inbox / "dead").symlink_to(inbox / "nowhere")
    os.mkfifo(inbox / "pipe")
    (inbox / "below" / "b").write_text("1")
    settle(here)
    assert paths(here, made) == ["b"]


def test_a_folder_that_goes_is_told_once_and_may_come_back(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    inbox.rmdir()
    settle(here)
    assert len(here.said) == 1 and "cannot be read" in here.said[0]
    inbox.mkdir()
    (inbox / "a").write_text("1")
    settle(here)
    assert paths(here, made) == ["a"]


@pytest.mark.parametrize("catch_up", [False, True])
def test_files_of_a_pause(desk, inbox: Path, catch_up: bool) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    here.backend.pause_schedule(made.id)
    (inbox / "a").write_text("1")
    settle(here)
    assert here.all(made) == []
    here.backend.resume_schedule(made.id, catch_up=catch_up)
    settle(here)
    assert paths(here, made) == (["a"] if catch_up else [])


def test_a_pattern_can_look_for_hidden_files(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox, ".done")
    (inbox / ".done").write_text("")
    settle(here)
    assert paths(here, made) == [".done"]


@pytest.mark.parametrize("pattern", ["", "/etc/*", "../*", "a/../../b", "a//b", "**x", "a\0b", "."])
def test_a_pattern_that_leaves_the_folder_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError) as caught:
        FileTrigger("/tmp", pattern, "path")
    assert caught.value.code == "E977"


def test_a_folder_that_does_not_exist_is_refused_and_nothing_is_kept(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    with pytest.raises(UsageError) as caught:
        here.watch(inbox / "nowhere")
    assert caught.value.code == "E977" and here.backend.schedules() == ()


def test_a_thousand_files_are_a_thousand_firings(desk, inbox: Path) -> None:
    here: Desk = desk(MORNING)
    made = here.watch(inbox)
    for number in range(1000):
        (inbox / f"{number:04}").write_text("")
    settle(here)
    assert len(set(paths(here, made))) == 1000
