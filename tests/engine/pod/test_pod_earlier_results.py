"""Results of earlier runs: handed on when they are whole and the same would be made, and never otherwise."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from changing_data import trained
from paper_argo import PaperArgo

import milonga as ml
from milonga import Dataset, Model, component, pipeline
from milonga.runtime.argo.layout import REUSE_PARAMETER

Cluster = Callable[..., PaperArgo]
USED = "the result of run uid-1 is used"


@component
def write(text: str, path: str) -> Dataset:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("x")
    made = Dataset.create_file()
    made.write_text(text)
    return made


@component
def read(data: Dataset) -> str:
    return data.read_text()


@component
def echo(text: str) -> str:
    return text


@pipeline
def cached(text: str, path: str) -> str:
    return read(write(text, path))


def times(path: Path) -> int:
    return len(path.read_text())


def test_the_same_inputs_are_not_computed_again(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(cached), tmp_path / "times"
    for _ in range(3):
        run = argo.run({"text": "it's", "path": str(path)})
        assert run.phase == "Succeeded", run.log
        assert argo.results() == {"Output": "it's"}
    assert times(path) == 1 and run.log.count(USED) == 2


def test_other_inputs_are_computed(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(cached), tmp_path / "times"
    for text in ("a", "b", "a"):
        argo.run({"text": text, "path": str(path)})
        assert argo.results() == {"Output": text}
    assert times(path) == 2


@pytest.mark.slow
def test_a_run_may_ask_for_everything_to_be_computed(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(cached), tmp_path / "times"
    arguments = {"text": "a", "path": str(path)}
    argo.run(arguments)
    assert argo.run(arguments, raw={REUSE_PARAMETER: "no"}).phase == "Succeeded"
    assert times(path) == 2 and argo.results() == {"Output": "a"}
    argo.run(arguments)
    assert times(path) == 2, "what it has made is kept all the same"


def spoil(argo: PaperArgo, what: str, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    """Write the files of a kept object anew."""
    for place in (argo.bucket / "milonga" / "cache").rglob(what):
        with tarfile.open(place) as archive:
            files = {item.name: archive.extractfile(item).read() for item in archive if item.isfile()}  # type: ignore[union-attr]
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, content in change(files).items():
                item = tarfile.TarInfo(name)
                item.size = len(content)
                archive.addfile(item, io.BytesIO(content))
        place.write_bytes(stream.getvalue())


def test_content_that_is_not_that_of_its_record_is_not_used(cluster: Cluster, tmp_path: Path) -> None:
    """As when two runs have written the same keys at the same time."""
    argo, path = cluster(cached), tmp_path / "times"
    argo.run({"text": "mine", "path": str(path)})
    spoil(argo, "a-Output.tgz", lambda files: dict.fromkeys(files, b"theirs"))
    run = argo.run({"text": "mine", "path": str(path)})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": "mine"} and times(path) == 2


def test_content_that_is_gone_is_not_used(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(cached), tmp_path / "times"
    argo.run({"text": "mine", "path": str(path)})
    for place in (argo.bucket / "milonga" / "cache").rglob("a-Output.tgz"):
        place.unlink()
    assert argo.run({"text": "mine", "path": str(path)}).phase == "Succeeded"
    assert argo.results() == {"Output": "mine"} and times(path) == 2


@pytest.mark.slow
def test_a_record_that_cannot_be_read_is_not_used(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(cached), tmp_path / "times"
    argo.run({"text": "mine", "path": str(path)})
    spoil(argo, "r.tgz", lambda files: dict.fromkeys(files, b"{"))
    assert argo.run({"text": "mine", "path": str(path)}).phase == "Succeeded"
    assert argo.results() == {"Output": "mine"} and times(path) == 2


@component
def folder(path: str) -> Model:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("x")
    made = Model.create()
    (made.path / "a").write_text("a")
    (made.path / "empty").mkdir()
    (made.path / "run.sh").write_text("#!/bin/sh\n")
    (made.path / "run.sh").chmod(0o755)
    (made.path / "link").symlink_to("a")
    return made


@component
def listed(model: Model) -> list[str]:
    return sorted(f"{path.name} {path.is_symlink()} {path.stat().st_mode & 0o100}" for path in model.path.iterdir())


@pipeline
def folders(path: str) -> list[str]:
    return listed(folder(path))


def test_a_folder_is_handed_on_with_its_links_and_programs(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(folders), tmp_path / "times"
    expected = ["a False 0", "empty False 64", "link True 0", "run.sh False 64"]
    for _ in range(2):
        run = argo.run({"path": str(path)})
        assert run.phase == "Succeeded", run.log
        assert argo.results() == {"Output": expected}
    assert times(path) == 1


# What else decides a result --------------------------------------------------------------------------------------


@pipeline
def branched(flag: str) -> str:
    with ml.If(flag == "a"):
        first = echo("one")
    with ml.Else():
        second = echo("two")
    return echo(ml.OneOf(first, second))


@pytest.mark.slow
def test_another_branch_makes_another_result(cluster: Cluster) -> None:
    argo = cluster(branched)
    for flag, expected in (("a", "one"), ("b", "two")):
        argo.run({"flag": flag})
        assert argo.results() == {"Output": expected}


@component
def join(texts: list[str]) -> str:
    return "".join(texts)


@pipeline
def filtered(unwanted: str) -> str:
    with ml.ParallelFor(["a", "b"]) as text:
        with ml.If(text != unwanted):
            made = echo(text)
    return join(ml.Collected(made))


@pytest.mark.slow
def test_other_skipped_iterations_make_another_result(cluster: Cluster) -> None:
    argo = cluster(filtered)
    for unwanted, expected in (("a", "b"), ("b", "a"), ("", "ab")):
        argo.run({"unwanted": unwanted})
        assert argo.results() == {"Output": expected}


@component
def fail_where_there_is_a(path: str) -> str:
    import os

    if os.path.exists(path):  # noqa: PTH110
        raise RuntimeError("on purpose")
    return "made"


@component
def shown(text: str | None = None) -> str:
    return repr(text)


@pipeline
def forgiving(path: str) -> str:
    return shown.options(ignore_upstream_failure=True)(fail_where_there_is_a(path))


def test_a_result_made_without_a_failed_producer_is_not_that_of_a_whole_run(cluster: Cluster, tmp_path: Path) -> None:
    argo, path = cluster(forgiving), tmp_path / "there"
    path.write_text("")
    assert argo.run({"path": str(path)}).phase == "Failed"
    assert argo.results() == {"Output": "None"}
    path.unlink()
    assert argo.run({"path": str(path)}).phase == "Succeeded"
    assert argo.results() == {"Output": "'made'"}


# Results of different ages ---------------------------------------------------------------------------------------


def test_a_result_of_older_data_is_not_used_beside_newer_data(cluster: Cluster, tmp_path: Path) -> None:
    """Nobody knows beforehand that the file has changed; what is kept of its reader has been made anew since."""
    argo, path, stop = cluster(trained), tmp_path / "data", tmp_path / "data.stop"
    path.write_text("old")
    argo.run({"path": str(path)})
    assert argo.results() == {"Output": "old / model of old"}
    path.write_text("new")
    stop.touch()
    assert argo.run({"path": str(path)}, raw={REUSE_PARAMETER: "no"}).phase == "Failed"
    stop.unlink()
    assert argo.run({"path": str(path)}).phase == "Succeeded"
    assert argo.results() == {"Output": "new / model of new"}
    run = argo.run({"path": str(path)})
    assert run.log.count("is used") == 3, run.log


@component
def program() -> Dataset:
    import os

    made = Dataset.create_file()
    made.write_text("#!/bin/sh\n")
    os.chmod(made.path, 0o755)  # noqa: PTH101
    return made


@component
def may_run(tool: Dataset) -> bool:
    import os

    return os.access(tool.path, os.X_OK)


@pipeline
def programs() -> bool:
    return may_run.options(cache=False)(program())


def test_a_file_that_is_a_program_stays_one(cluster: Cluster) -> None:
    argo = cluster(programs)
    logs = []
    for _ in range(3):
        logs.append(argo.run({}).log)
        assert argo.results() == {"Output": True}
    assert [USED in log for log in logs] == [False, True, True]
