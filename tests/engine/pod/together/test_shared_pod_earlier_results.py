"""Results of an earlier time in a shared pod: of the same run, and of other runs, each member for itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paper_argo import PaperArgo
from pod_argo import PodArgo

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace
from milonga.runtime.argo.layout import REUSE_PARAMETER

Shared = Callable[..., Any]


@component
def count(path: str, name: str) -> Dataset:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(name)
    made = Dataset.create_file()
    made.write_text(name)
    return made


@component
def read_if(data: Dataset, path: str) -> str:
    import os

    if os.path.exists(path + ".stop"):  # noqa: PTH110
        raise RuntimeError("stopped")
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("r")
    return data.read_text()


@pipeline
def uncached(path: str) -> str:
    made = count.options(name="first", cache=False)(path, "a")
    count.options(name="second", cache=False, after=made)(path, "b")
    return read_if.options(cache=False)(made, path)


@pipeline
def cached(path: str) -> str:
    made = count.options(name="first")(path, "a")
    count.options(name="second", after=made)(path, "b")
    return read_if(made, path)


def test_a_pod_that_is_repeated_does_not_repeat_what_has_succeeded(shared: Shared, tmp_path: Path) -> None:
    argo, path, stop = shared(uncached), tmp_path / "calls", tmp_path / "calls.stop"
    stop.touch()
    assert argo.run({"path": str(path)}).phase == "Failed"
    assert path.read_text() == "ab" and argo.rows["read-if"]["cause"] == "E410: RuntimeError: stopped"
    stop.unlink()
    run = argo.run_again({"path": str(path)})
    assert run.phase == "Succeeded", run.log
    assert path.read_text() == "abr" and argo.results() == {"Output": "a"}
    assert "cached" not in argo.rows["first"]["attempts"][0], "it is a result of this run"
    assert argo.run({"path": str(path)}).phase == "Succeeded"
    assert sorted(path.read_text()) == sorted("abr" * 2), "another run makes all of it anew"


def test_other_runs_take_kept_results_member_by_member(shared: Shared, tmp_path: Path) -> None:
    argo, path, stop = shared(cached), tmp_path / "calls", tmp_path / "calls.stop"
    stop.touch()
    assert argo.run({"path": str(path)}).phase == "Failed"
    stop.unlink()
    run = argo.run({"path": str(path)})
    assert run.phase == "Succeeded" and path.read_text() == "abr", run.log
    attempts = {name: row["attempts"][0] for name, row in argo.rows.items()}
    assert [attempts[name].get("cached") for name in ("first", "second", "read-if")] == [True, True, None]
    assert "[first] the result of run uid-1 is used" in run.log
    again = argo.run({"path": str(path)})
    assert again.phase == "Succeeded" and path.read_text() == "abr"
    assert argo.results() == {"Output": "a"}


def test_nothing_kept_is_used_when_the_run_says_so(shared: Shared, tmp_path: Path) -> None:
    argo, path = shared(cached), tmp_path / "calls"
    given = {"path": str(path)}
    for _ in range(2):
        run = argo.run(given, raw={REUSE_PARAMETER: "no"})
        assert run.phase == "Succeeded", run.log
    assert sorted(path.read_text()) == sorted("abr" * 2)
    assert argo.run(given).phase == "Succeeded" and len(path.read_text()) == 6


def test_kept_results_that_were_spoilt_are_made_again(shared: Shared, tmp_path: Path) -> None:
    argo, path = shared(cached), tmp_path / "calls"
    assert argo.run({"path": str(path)}).phase == "Succeeded"
    (kept,) = [found for found in argo.bucket.rglob("a-*.tgz") if "cache" in str(found)][:1]
    other = next(found for found in argo.bucket.rglob("a-*.tgz") if "cache" in str(found) and found != kept)
    kept.write_bytes(other.read_bytes())
    run = argo.run({"path": str(path)})
    assert run.phase == "Succeeded" and argo.results() == {"Output": "a"}, run.log
    assert len(path.read_text()) == 4


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["first", "read-if"])
def test_a_shared_pod_and_pods_alone_use_the_same_kept_results(changed: str, shared: Shared, tmp_path: Path) -> None:
    path = tmp_path / "calls"
    alone = PaperArgo(tmp_path / "cluster", ArgoTarget().emit(trace(cached).graph))
    assert alone.run({"path": str(path)}).phase == "Succeeded" and len(path.read_text()) == 3
    argo = shared(cached)
    argo._runs, argo._count = 5, 100
    run = argo.run({"path": str(path)})
    assert run.phase == "Succeeded" and len(path.read_text()) == 3, run.log
    assert argo.rows[changed]["attempts"][0]["cached"] is True


# What the pod is given has changed -------------------------------------------------------------------------------


@component
def there(path: str) -> str:
    import os

    if not os.path.exists(path):  # noqa: PTH110
        raise RuntimeError("on purpose")
    return "real"


@component
def or_else(text: str = "instead") -> str:
    return text


@component
def wrapped(text: str) -> str:
    return "(" + text + ")"


@pipeline
def inner(text: str) -> str:
    first = wrapped.options(name="first", cache=False, together="p")(text)
    return wrapped.options(name="second", cache=False, together="p")(first)


@pipeline
def forgiving(path: str) -> str:
    found = there.options(cache=False)(path)
    return inner(or_else.options(ignore_upstream_failure=True, cache=False)(found))


def test_a_pod_that_is_repeated_does_again_what_is_given_something_else(tmp_path: Path) -> None:
    argo, path = PodArgo(tmp_path / "cluster", ArgoTarget().emit(trace(forgiving).graph)), tmp_path / "there"
    assert argo.run({"path": str(path)}).phase == "Failed"
    assert argo.rows["inner/second"]["state"] == "SUCCEEDED", "of what stands in for the result"
    path.touch()
    run = argo.run_again({"path": str(path)})
    assert run.phase == "Succeeded" and argo.results() == {"Output": "((real))"}, run.log


@component
def but_zero(number: int) -> int:
    if not number:
        raise ValueError("zero")
    return number


@component
def total(numbers: list[int] = []) -> int:  # noqa: B006
    return sum(numbers)


@pipeline
def one_by_one() -> int:
    with ml.ParallelFor([0, 1, 2, 3], parallelism=1) as number:
        made = but_zero.options(cache=False)(number)
    return total.options(ignore_upstream_failure=True, cache=False)(ml.Collected(made))


def test_an_iteration_that_fails_stops_none_that_waits_for_its_turn(shared: Shared, tmp_path: Path) -> None:
    alone = PaperArgo(tmp_path / "alone", ArgoTarget().emit(trace(one_by_one).graph))
    argo = shared(one_by_one)
    for played in (alone, argo):
        assert played.run({}).phase == "Failed"
        assert played.results() == {"Output": 6}
