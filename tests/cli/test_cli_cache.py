"""`milonga cache` and the flags of `milonga run` that limit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FLOW = """
    from milonga import Dataset, component, pipeline

    @component
    def make(index: int) -> Dataset:
        made = Dataset.create_file()
        made.write_text(f"{index}" * 1000)
        return made

    @pipeline
    def p(only: int = 0) -> Dataset:
        for index in range(1, 4):
            make(index)
        return make(only)
"""


@pytest.fixture
def filled(here: Any) -> Any:
    """Four results of 1000 bytes, one of which is the output of a run."""
    here.write("flow.py", FLOW)
    assert here("run", "flow.py", "--in-process", "-q").code == 0
    return here


def files(here: Any) -> list[Path]:
    return [path for path in (here.home / "store").rglob("*") if path.is_file()]


def test_what_is_kept_is_counted(filled: Any) -> None:
    assert filled("run", "flow.py", "--in-process", "-q").code == 0
    shown = filled("cache", "show", "--json").json
    components = shown.pop("components")
    assert shown == {
        "home": str(filled.home),
        "entries": 4,
        "hits": 4,
        "contents": 4,
        "bytes": 4000,
        "needed_bytes": 1000,
        "reclaimable_bytes": 3000,
    }
    assert [sum(item[name] for item in components) for name in ("entries", "hits")] == [4, 4]
    text = filled("cache", "show").out
    assert "4, taken 4 times" in text and "2.9 KiB" in text
    assert all("make" in item["component"] and item["component"] in text for item in components)


def test_what_would_go_is_said_and_stays(filled: Any) -> None:
    ended = filled("cache", "clear", "--dry-run", "--json")
    assert ended.json == {
        "dry_run": True,
        "entries": 4,
        "contents": 3,
        "bytes": 3000,
        "left_bytes": 1000,
        "needed_bytes": 1000,
    }
    assert len(files(filled)) == 4 and "would be removed" in filled("cache", "prune", "--dry-run").out


def test_clearing_leaves_what_runs_have_returned(filled: Any) -> None:
    assert filled("cache", "clear", "--json").json["bytes"] == 3000
    (left,) = files(filled)
    assert left.read_text() == "0" * 1000
    assert filled("cache", "show", "--json").json["entries"] == 0
    run = filled("run", "flow.py", "--in-process", "-q", "--json").json
    assert not any(task["cached"] for task in run["tasks"].values())


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ([], 4),
        (["--older-than", "1h"], 4),
        (["--older-than", "0s"], 1),
        (["--max-size", "3000"], 3),
        (["--max-size", "2kB"], 2),
        (["--max-size", "0", "--runs"], 0),
        (["--runs"], 4),
    ],
)
def test_pruning_keeps_to_its_limits(filled: Any, options: list[str], left: int) -> None:
    ended = filled("cache", "prune", *options, "--json")
    assert ended.code == 0 and len(files(filled)) == left and ended.json["left_bytes"] == left * 1000


def test_the_limit_of_the_environment_counts_for_pruning(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILONGA_CACHE_MAX_BYTES", "2kB")
    assert filled("cache", "prune").code == 0 and len(files(filled)) == 2


def test_looking_makes_nothing(here: Any) -> None:
    for arguments in (["show"], ["prune"], ["clear", "--dry-run"]):
        ended = here("cache", *arguments, "--json")
        assert ended.code == 0 and ended.json["needed_bytes" if arguments == ["show"] else "entries"] == 0
    assert not here.home.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["cache", "prune", "--older-than", "yesterday"], "E963"),
        (["cache", "prune", "--max-size", "big"], "E964"),
        (["run", "flow.py", "--cache-max-age", "7"], "E963"),
        (["run", "flow.py", "--cache-max-size", "-1"], "E964"),
    ],
)
def test_a_wrong_limit_is_refused_before_anything_happens(here: Any, arguments: list[str], code: str) -> None:
    here.write("flow.py", FLOW)
    ended = here(*arguments, "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == code and not here.home.exists()


def test_a_run_takes_no_result_that_is_too_old_and_leaves_no_more_than_allowed(filled: Any) -> None:
    fresh = filled("run", "flow.py", "--in-process", "-q", "--json", "--cache-max-age", "1d")
    assert all(task["cached"] for task in fresh.json["tasks"].values())
    old = filled("run", "flow.py", "--in-process", "-q", "--json", "--cache-max-age", "0s", "--cache-max-size", "2kB")
    assert {task["cache"] for task in old.json["tasks"].values()} == {"expired"} and len(files(filled)) == 2


def test_a_store_that_is_damaged_is_an_error_and_no_traceback(filled: Any) -> None:
    (filled.home / "lineage.sqlite").write_bytes(b"this is no database at all, but long enough to be one\n" * 100)
    for suffix in ("-wal", "-shm"):
        (filled.home / f"lineage.sqlite{suffix}").unlink(missing_ok=True)
    ended = filled("cache", "show")
    assert ended.code == 1 and "E421" in ended.err and "Traceback" not in ended.err
