"""`--containers`: steps that are Python functions run by their own commands in their own images."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


def test_a_milonga_pipeline_runs_in_its_images(engine, python_in_container: str, play, author) -> None:
    flow = author(
        """
        import os

        import milonga as ml

        @ml.component(image="milonga-test/python:1", environment={"LEVEL": "a b"})
        def make(number: int, words: list[str]) -> ml.Dataset:
            print("making", os.environ["LEVEL"])
            made = ml.Dataset.create()
            on_host = os.path.exists("/usr/bin/env")
            (made.path / "text").write_text(f"{number} {words} {os.environ['LEVEL']} {on_host}")
            return made

        @ml.component(image="milonga-test/python:1")
        def read(data: ml.Dataset) -> str:
            return (data.path / "text").read_text()

        @ml.pipeline
        def flow(number: int = 3) -> str:
            return read(data=make(number=number, words=["it's", '"']))
        """
    ).flow
    result = play(flow, mode="container")
    assert result.outputs == {"Output": """3 ["it's", '"'] a b False"""}
    assert "making a b" in (result.folder / result.tasks["make"].log).read_text()
    assert play(flow, mode="container").tasks["read"].cached
    assert engine.containers() == []


def test_an_exception_in_a_container_is_a_failure_with_its_last_line(
    engine, python_in_container: str, play, author
) -> None:
    flow = author(
        """
        import milonga as ml

        @ml.component(image="milonga-test/python:1")
        def fail() -> int:
            raise ValueError("no such luck")

        @ml.pipeline
        def flow() -> int:
            return fail()
        """
    ).flow
    error = play(flow, mode="container").tasks["fail"].error
    assert error["code"] == "E416" and "ValueError: no such luck" in error["got"]


def test_a_kfp_pipeline_runs_in_its_images(engine, python_in_container: str, play, author) -> None:
    flow = author(
        """
        from kfp import dsl

        @dsl.component(base_image="milonga-test/python:1", install_kfp_package=False)
        def add(a: int, b: int, note: dsl.Output[dsl.Artifact]) -> int:
            note.metadata["sum"] = a + b
            with open(note.path, "w") as stream:
                stream.write("note")
            return a + b

        @dsl.pipeline
        def flow(a: int = 1) -> int:
            return add(a=add(a=a, b=2).outputs["Output"], b=3).outputs["Output"]
        """
    ).flow
    result = play(flow, mode="container")
    assert result.outputs == {"Output": 6}
    note = result.tasks["add-2"].output_artifacts["note"]
    assert note.metadata["sum"] == 6 and Path(note.uri).read_text() == "note"


def test_a_containerized_python_component_of_kfp_needs_no_flag(engine, python_in_container: str, play, author) -> None:
    """Its module lies in the image; its command is kfp's executor and no source, so that no worker could run it."""
    flow = author(
        """
        from kfp import dsl

        @dsl.component(base_image="milonga-test/python:1", target_image="milonga-test/python:1")
        def double(a: int) -> int:
            return 2 * a

        @dsl.component(base_image="python:3.11", install_kfp_package=False)
        def plain(a: int) -> int:
            return a + 1

        @dsl.pipeline
        def flow() -> int:
            doubled = double(a=20)
            doubled.set_env_variable("_KFP_RUNTIME", "true")  # the image has kfp, and not what kfp needs
            return plain(a=doubled.output).output
        """
    ).flow
    assert play(flow).outputs == {"Output": 41}
