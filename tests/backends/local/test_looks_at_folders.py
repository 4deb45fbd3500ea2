"""Looking at watched folders finds what a shell would find, and costs next to nothing however much is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from schedule_desk import Desk
from travelling_clock import TravellingClock

from milonga.backends.local.triggers.sightings import sightings

FILES = [
    "a.csv",
    "A.CSV",
    "b.txt",
    ".hidden.csv",
    "sub/c.csv",
    "sub/.d.csv",
    ".git/e.csv",
    "sub/deep/a/f.csv",
    "a/b.csv",
]
MORNING = "2026-05-01T06:00:00"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "folder.csv").mkdir()
    (folder / "link.csv").symlink_to("b.txt")
    (folder / "nowhere.csv").symlink_to("not/there")
    (folder / "round").symlink_to(".")
    return folder


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.csv", ["a.csv", "link.csv"]),
        ("[!a]*", ["A.CSV", "b.txt", "link.csv"]),
        ("sub/*", ["sub/c.csv"]),
        ("*/*.csv", ["a/b.csv", "round/a.csv", "round/link.csv", "sub/c.csv"]),
        ("**/*.csv", ["a/b.csv", "a.csv", "link.csv", "sub/c.csv", "sub/deep/a/f.csv"]),
        ("**/a/**/*.csv", ["a/b.csv", "sub/deep/a/f.csv"]),
        ("sub/**", ["sub/c.csv", "sub/deep/a/f.csv"]),
        (".*", [".hidden.csv"]),
        (".git/*", [".git/e.csv"]),
        ("nothing/*", []),
        ("a.csv/*", []),
    ],
)
def test_a_pattern_finds_files_in_the_order_of_their_names(inbox: Path, pattern: str, names: list[str]) -> None:
    found = list(sightings(f"{inbox}/", pattern))
    assert [str(Path(item.path).relative_to(inbox)) for item in found] == names
    assert all(item.size == Path(item.path).stat().st_size for item in found)


def test_a_folder_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(sightings(str(tmp_path / "gone"), "*"))


class SlowMachine(TravellingClock):
    """A tenth of a second passes from one look at the clock to the next."""

    def elapsed_s(self) -> float:
        self.sleep(0.1)
        return super().elapsed_s()


def test_a_folder_that_takes_long_to_look_at_is_looked_at_less_often(tmp_path: Path) -> None:
    here, folder = Desk(tmp_path, SlowMachine(MORNING)), tmp_path / "in box"
    folder.mkdir()
    made = here.watch(folder, settle_s=0)
    here.round()
    (folder / "a").write_text("1")
    for _ in range(5):
        here.round()
    assert here.all(made) == []
    here.clock.sleep(10)
    here.round()
    assert len(here.all(made)) == 1


def test_who_waits_for_files_to_settle_waits_for_the_next_look(tmp_path: Path) -> None:
    here, folder = Desk(tmp_path, SlowMachine(MORNING)), tmp_path / "in box"
    folder.mkdir()
    made = here.watch(folder, settle_s=0.5)
    (folder / "a").write_text("1")
    here.round()
    assert here.rounds.settle_s > 2
    here.clock.sleep(here.rounds.settle_s)
    here.round()
    assert len(here.all(made)) == 1
