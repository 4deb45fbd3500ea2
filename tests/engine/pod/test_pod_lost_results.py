"""Results that should be there and are not: no default takes the place of a value that was made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from paper_argo import PaperArgo

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.passes.fusion import Fuse
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace

Cluster = Callable[..., PaperArgo]


@component
def vanish() -> int:
    import os

    os._exit(0)


@component
def make(number: int) -> int:
    return number


@component
def shown(number: int = 5) -> str:
    return repr(number)


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_process_that_ends_with_code_0_in_the_middle_has_failed(attempts: int, cluster: Cluster) -> None:
    @pipeline
    def repeated() -> str:
        return shown(vanish.options(retries=attempts - 1)())

    argo = cluster(repeated)
    run = argo.run()
    assert run.phase == "Failed" and run.pods == ["vanish"] * attempts
    assert argo.results() == {}


class ForgetfulArgo(PaperArgo):
    """Loses objects whose key holds one of these words."""

    forgotten: tuple[str, ...] = ()

    def _store(self, path: Path, key: str) -> None:
        if not any(word in key for word in self.forgotten):
            super()._store(path, key)


def forgetful(folder: Path, wanted: object, *forgotten: str) -> ForgetfulArgo:
    argo = ForgetfulArgo(folder, ArgoTarget().emit(trace(wanted).graph))  # type: ignore[arg-type]
    argo.forgotten = forgotten
    return argo


@pipeline
def chained() -> str:
    return shown(make(1))


@pipeline
def nested() -> int:
    return make(make(1))


@pipeline
def around() -> str:
    return shown(nested())


@pipeline
def gathered() -> str:
    with ml.ParallelFor([1, 2]) as number:
        made = make(number)
    return total(ml.Collected(made))


@component
def total(numbers: list[int]) -> str:
    return repr(numbers)


@component
def write() -> Dataset:
    made = Dataset.create_file()
    made.write_text("x")
    return made


@component
def length(data: Dataset | None = None) -> int:
    return -1 if data is None else len(data.read_text())


@pipeline
def written() -> int:
    return length(write())


@pytest.mark.parametrize(
    ("wanted", "lost", "maker"),
    [
        (chained, "/make/r", "make"),
        (around, "/nested-make-2/r", "nested/make-2"),
        (gathered, "/for-loop-1-make/r/1", "/make"),
        (written, "/write/r", "write"),
    ],
    ids=["chain", "nested", "loop", "artifact"],
)
def test_a_result_that_was_made_and_is_gone_is_an_error(wanted: object, lost: str, maker: str, tmp_path: Path) -> None:
    """As when a rule of the bucket removes objects of a run that goes on."""
    run = forgetful(tmp_path, wanted, lost).run()
    assert run.phase == "Failed"
    assert "E481" in run.log and "has not been found in the bucket" in run.log and maker in run.log


@pipeline
def shared() -> str:
    first = make.options(name="apart", cpu="1")(1)
    second = make.options(name="inside", together="g")(first)
    return total_of.options(name="user", together="g")(first, second)


@component
def total_of(first: int = 100, second: int = 100) -> str:
    return repr(first + second)


def test_a_shared_pod_does_not_go_on_without_what_another_pod_has_made(tmp_path: Path) -> None:
    argo = ForgetfulArgo(tmp_path, ArgoTarget().emit(Fuse().run(trace(shared).graph)))
    argo.forgotten = ("/apart/r",)
    run = argo.run()
    assert run.phase == "Failed" and len(run.pods) == 2
    assert "E481" in run.log and "apart" in run.log


@pipeline
def in_a_branch(number: int) -> int:
    with ml.If(number > 0):
        small = make(1)
    with ml.Else():
        large = make(number)
    return make(ml.OneOf(small, large))


@pytest.mark.parametrize(("number", "expected"), [(1, 1), (-3, -3)])
def test_what_was_never_made_is_no_error(number: int, expected: int, cluster: Cluster) -> None:
    argo = cluster(in_a_branch)
    run = argo.run({"number": number})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": expected}
