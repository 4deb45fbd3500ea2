"""A container is replayed as it ran: its image, its names and a workspace of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from boxes import Box

from milonga.engine.replay import replay

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


def test_an_image_from_an_input_is_the_one_of_then(engine, box: Box, play, home: Path) -> None:
    graph = box(
        'printf %s "$0" > "$1"',
        "{{$.pipeline_job_name}} {{$.pipeline_task_name}} {{$.pipeline_job_uuid}} {{$.pipeline_job_create_time_utc}}",
        "{{$.outputs.parameters['out'].output_file}}",
        image="{{$.inputs.parameters['image']}}",
        inputs={"image": "STRING", "out": "STRING"},
        outputs={"out": "STRING"},
    )
    result = play(graph, {"image": "milonga-test/busybox:1"})
    assert result.outputs["out"].startswith(f"boxes box {result.run.id} 20")
    done = replay(task="box", home=home)
    assert done.is_same is True, done.error
    assert engine.containers() == []


def test_the_workspace_of_a_replayed_container_is_a_copy(engine, play, author, home: Path) -> None:
    pytest.importorskip("kfp")
    flow = author(
        """
        from kfp import dsl

        @dsl.container_component
        def extend(folder: str):
            words = ['echo more >> "$0/note"', folder]
            return dsl.ContainerSpec(image="milonga-test/busybox:1", command=["sh", "-c"], args=words)

        workspace = dsl.WorkspaceConfig(size="1Gi")

        @dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=workspace))
        def flow():
            extend(folder=dsl.WORKSPACE_PATH_PLACEHOLDER)
        """
    ).flow
    result = play(flow)
    assert replay(task="extend", home=home).succeeded
    assert (result.folder / "workspace" / "note").read_text() == "more\n"
    assert (result.folder / "replays" / "runs" / "1" / "workspace" / "note").read_text() == "more\nmore\n"
