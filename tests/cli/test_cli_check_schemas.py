"""`milonga check --target argo`: what a cluster would refuse, at the author's line, and its definitions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("MILONGA_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
DEFINITIONS = SHARED / "schemas" / "argo" / "v4.0"

GOOD = """
    from milonga import component, pipeline

    @component
    def double(number: int) -> int:
        return 2 * number

    @pipeline
    def numbers(number: int = 1) -> int:
        return double(number)
"""
CONTAINER = """\
pipelineInfo: {name: plain}
schemaVersion: 2.1.0
root:
  dag:
    tasks:
      first:
        taskInfo: {name: first}
        componentRef: {name: comp-first}
components: {comp-first: {executorLabel: exec-first}}
deploymentSpec: {executors: {exec-first: {container: {image: "busybox@sha256:%s"}}}}
"""


@pytest.mark.parametrize("version", ["argo@3.7", "argo@4.0", "argo@4.1"])
def test_a_sound_pipeline_has_no_finding_of_the_cluster(here: Any, version: str) -> None:
    here.write("good.py", GOOD)
    ended = here("check", "good.py", "--target", version, "--json")
    assert ended.code == 0
    assert [item for item in ended.json["findings"] if item["code"].startswith("E3")] == []


@pytest.mark.skipif(not DEFINITIONS.is_dir(), reason="no definitions here; set MILONGA_SHARED")
def test_the_definitions_of_a_cluster_can_be_given(here: Any) -> None:
    here.write("good.py", GOOD)
    assert here("check", "good.py", "--target", "argo@4.0", "--schemas", str(DEFINITIONS)).code == 0


def test_what_argo_cannot_run_is_an_error_at_its_task(here: Any) -> None:
    here.write("plain.yaml", CONTAINER % ("0" * 64))
    ended = here("check", "plain.yaml", "--target", "argo", "--json")
    assert ended.code == 1
    (finding,) = [item for item in ended.json["findings"] if item["code"] == "E317"]
    assert finding["path"] == "root/first" and finding["line"] == 6
    assert here("check", "plain.yaml").code == 0, "it is no mistake of the pipeline"


def test_nothing_is_written_for_what_argo_cannot_run(here: Any) -> None:
    here.write("plain.yaml", CONTAINER % ("0" * 64))
    ended = here("compile", "plain.yaml", "--target", "argo", "-o", "out.yaml")
    assert ended.code == 1 and "E317" in ended.err
    assert not (here.folder / "out.yaml").exists()


@pytest.mark.parametrize("target", [(), ("--target", "kfp")])
def test_definitions_are_refused_where_nobody_reads_them(here: Any, target: tuple[str, ...]) -> None:
    here.write("good.py", GOOD)
    ended = here("check", "good.py", "--schemas", ".", *target)
    assert ended.code == 2 and "--target argo" in ended.err
