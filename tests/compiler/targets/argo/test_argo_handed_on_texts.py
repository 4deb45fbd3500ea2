"""Texts that a container has printed, that a part of a list is, or that a nested pipeline hands out, decide as data."""

from pathlib import Path

import pytest
import yaml
from paper_argo import PaperArgo

from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo import ArgoTarget

dsl = pytest.importorskip("kfp.dsl")

TEXTS = (
    "\U000e0001",
    "\U0010ffff",
    "\x7f",
    "{{workflow.name}}",
    "$(HOME)",
    "it's \"\\",
    "\ufeff\u2028",
    "\U0001f3b6",
    "",
)
"""What Argo's expressions read and write in other forms than JSON, or replace."""


def graph(folder: Path) -> Graph:
    from kfp import compiler

    @dsl.container_component
    def printed(text: str, out: dsl.OutputPath(str)) -> dsl.ContainerSpec:  # type: ignore[name-defined]
        return dsl.ContainerSpec(image="busybox", command=["sh", "-c", 'printf %s "$0" > "$1"'], args=[text, out])

    @dsl.container_component
    def failing() -> dsl.ContainerSpec:
        return dsl.ContainerSpec(image="busybox", command=["false"])

    @dsl.pipeline
    def nested(text: str) -> str:
        return printed(text=text).outputs["out"]

    @dsl.pipeline
    def decide(pairs: list) -> list:
        with dsl.ParallelFor(pairs) as pair:
            made = nested(text=pair.one)
            with dsl.If(made.output == pair.one):
                with dsl.If(pair.one != pair.other):
                    right = nested(text=made.output)
            with dsl.If(made.output == pair.other):
                failing()
        return dsl.Collected(right.output)

    compiler.Compiler().compile(decide, str(folder / "decide.yaml"))  # type: ignore[arg-type]
    return Graph.from_documents(tuple(yaml.safe_load_all((folder / "decide.yaml").read_text("utf-8"))))


@pytest.mark.slow
def test_they_equal_themselves_and_nothing_else(tmp_path: Path) -> None:
    pairs = [{"one": text, "other": TEXTS[at - 1]} for at, text in enumerate(TEXTS)]
    argo = PaperArgo(tmp_path / "cluster", ArgoTarget().emit(graph(tmp_path)))
    run = argo.run({"pairs": pairs})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": list(TEXTS)}
