"""Results that should be there and are not: no default takes the place of a value that was made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from container_pipelines import container_step
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


@component
def vanish_silently(how: str) -> None:
    import os
    import sys

    sys.exit(0) if how == "exit" else os._exit(0)


@pipeline
def vanished(how: str) -> str:
    left = vanish_silently(how)
    return shown.options(after=left)(6)


@pytest.mark.parametrize("how", ["exit", "hard"])
def test_a_step_without_outputs_may_leave_with_zero(how: str, cluster: Cluster) -> None:
    argo = cluster(vanished)
    run = argo.run({"how": how})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": "6"}


@pytest.mark.parametrize("how", ["exit", "hard"])
def test_so_may_one_in_a_shared_pod(how: str, tmp_path: Path) -> None:
    argo = PaperArgo(tmp_path, ArgoTarget().emit(Fuse().run(trace(vanished).graph)))
    run = argo.run({"how": how})
    assert run.phase == "Succeeded" and len(run.pods) == 1, run.log
    assert argo.results() == {"Output": "6"}


def test_a_component_of_kfp_that_ends_without_a_report_has_failed(tmp_path: Path) -> None:
    """kfp's own program always leaves one; here is a shell that says it is kfp's."""
    launcher = (
        "program_path=$(mktemp -d)\nexit 0\npython3 -m kfp.dsl.executor_main "
        '--component_module_path "$program_path/ephemeral_component.py"'
    )
    argo = PaperArgo(tmp_path, container_step("sh", "-c", launcher, "def step(): ..."))
    run = argo.run({"text": ""})
    assert run.phase == "Failed" and "E416: the process ended with exit code 0 without a result" in run.log


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


@component
def fill(name: str) -> Dataset:
    made = Dataset.create()
    made.path.mkdir(exist_ok=True)
    if name:
        (made.path / name).write_text("x")
    return made


@component
def count(data: Dataset) -> int:
    return len(list(data.path.iterdir()))


@component
def count_all(data: list[Dataset]) -> int:
    return sum(len(list(item.path.iterdir())) for item in data)


@pipeline
def filled(name: str = "x") -> int:
    return count(fill(name))


@pipeline
def looped() -> int:
    with ml.ParallelFor(["a", "b"]) as name:
        made = fill(name)
    return count_all(ml.Collected(made))


@pytest.mark.parametrize("name", ["x", ""])
def test_an_empty_folder_is_a_content_too(name: str, cluster: Cluster) -> None:
    argo = cluster(filled)
    run = argo.run({"name": name})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": len(name)}


@pytest.mark.parametrize(
    ("wanted", "lost", "maker"),
    [
        (chained, "/make/r", "make"),
        (around, "/nested-make-2/r", "nested/make-2"),
        (gathered, "/for-loop-1-make/r/1", "/make"),
        (written, "/write/r", "write"),
        (written, "/write/a-", "write"),
        (filled, "/fill/a-", "fill"),
        (looped, "/for-loop-1-fill/a-Output/1", "iteration 1"),
    ],
    ids=["chain", "nested", "loop", "artifact", "file", "folder", "folder-of-an-iteration"],
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
