"""A limit for the whole run, as KFP files may have one."""

from __future__ import annotations

import time
from pathlib import Path

from milonga import compile, component, pipeline


@component
def wait(seconds: float) -> float:

    time.sleep(seconds)
    return seconds


LIMIT = """---
platforms:
  kubernetes:
    deploymentSpec: {executors: {}}
    pipelineConfig: {activeDeadlineSeconds: '1'}
"""


@pipeline
def quick_then_slow(seconds: float) -> float:
    wait.options(name="quick")(0.0)
    return wait.options(name="slow")(seconds)


def with_limit(folder: Path) -> str:
    file = folder / "limited.yaml"
    file.write_text(compile(quick_then_slow) + LIMIT, encoding="utf-8")
    return str(file)


def test_a_run_that_takes_longer_than_its_pipeline_allows_is_ended_and_can_be_resumed(play, tmp_path: Path) -> None:
    file = with_limit(tmp_path)
    result = play(file, {"seconds": 600.0})
    assert result.state == "FAILED" and result.run.error["code"] == "E480" and "1 s" in result.run.error["message"]
    assert result.tasks["quick"].state == "SUCCEEDED" and result.tasks["slow"].state == "CANCELLED"
    again = play(file, None, resume=result.run_id)
    assert again.run.error["code"] == "E480" and again.tasks["quick"].attempts == 1


def test_a_run_within_its_limit_does_not_notice_it(play, tmp_path: Path) -> None:
    assert play(with_limit(tmp_path), {"seconds": 0.0}).succeeded
