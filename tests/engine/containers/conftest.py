"""A real container engine with images of our own, or a reason to skip."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from images import busybox_image, python_image, static_busybox

from milonga.compiler.graph import Graph

_GENTLE = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
netns = "host"
[engine]
runtime = "runc"
"""
"""For hosts that may not raise limits or make networks."""


@dataclass(frozen=True)
class Engine:
    """An engine that has run a container of our own."""

    program: Path
    variables: dict[str, str]

    def __call__(self, *arguments: str, data: bytes | None = None) -> str:
        ended = subprocess.run(
            [str(self.program), *arguments], input=data, capture_output=True, env={**os.environ, **self.variables}
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout.decode().strip()

    def containers(self) -> list[str]:
        """Names of all containers that exist, running or not."""
        return self("ps", "--all", "--format", "{{.Names}}").split()


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """Where podman keeps things: it takes no path of more than 50 characters, which those of pytest are under xdist."""
    folder = Path(tempfile.mkdtemp(prefix="milonga-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def session_engine(short_folder: Path) -> Iterator[Engine]:
    """podman with a storage of its own, else docker; with the image `milonga-test/busybox:1`."""
    busybox = static_busybox()
    if busybox is None:
        pytest.skip("no static busybox, of which an image could be made without a registry")
    candidates = [*_podman(short_folder), *_docker()]
    if not candidates:
        pytest.skip("neither podman nor docker is installed")
    reasons = []
    for engine in candidates:
        try:
            engine("import", "-", "milonga-test/busybox:1", data=busybox_image(busybox))
            engine("run", "--pull", "never", "--rm", "milonga-test/busybox:1", "/bin/true")
        except AssertionError as error:
            reasons.append(f"{engine.program.name}: {str(error).strip()[-200:]}")
            continue
        yield engine
        for name in engine.containers():
            if name.startswith("milonga-"):
                engine("rm", "--force", name)
        return
    pytest.skip("no container engine of this machine runs a container: " + "; ".join(reasons))


def _podman(folder: Path) -> Iterator[Engine]:
    """podman as it is, and as it must be on hosts that may not raise limits."""
    found = shutil.which("podman")
    if found is None:
        return
    program = folder / "podman"
    roots = f'--root "{folder}/storage" --runroot "{folder}/run" --tmpdir "{folder}/tmp"'
    policy = folder / ".config" / "containers" / "policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    program.write_text(f'#!/bin/sh\nHOME="{folder}" exec "{found}" {roots} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "containers.conf").write_text(_GENTLE)
    yield Engine(program, {})
    yield Engine(program, {"CONTAINERS_CONF": str(folder / "containers.conf")})


def _docker() -> Iterator[Engine]:
    found = shutil.which("docker")
    if found is not None:
        yield Engine(Path(found), {})


@pytest.fixture
def engine(session_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine, as the one that milonga finds; no container of ours may be left when the test is over."""
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", str(session_engine.program))
    for name, value in session_engine.variables.items():
        monkeypatch.setenv(name, value)
    return session_engine


@pytest.fixture(scope="session")
def python_in_container(session_engine: Engine) -> str:
    """An image with this Python."""
    busybox = static_busybox()
    assert busybox is not None
    session_engine("import", "-", "milonga-test/python:1", data=python_image(busybox))
    return "milonga-test/python:1"


BUSYBOX = "milonga-test/busybox:1"


@pytest.fixture
def box() -> Callable[..., Graph]:
    """A pipeline of one container: `box(command, args, inputs={name: type}, outputs={name: type}, ...)`."""
    return graph_of_box


def graph_of_box(
    *words: str,
    inputs: dict[str, str] | None = None,
    outputs: dict[str, str] | None = None,
    artifacts: dict[str, str] | None = None,
    settings: dict[str, Any] | None = None,
    cached: bool = False,
    **container: Any,
) -> Graph:
    """`words` are the arguments of `sh -c`; inputs are those of the pipeline, with outputs of the same names."""
    names = inputs or {}
    made = outputs or {}
    document: dict[str, Any] = {
        "pipelineInfo": {"name": "boxes"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "test",
        "root": {
            "inputDefinitions": {
                "parameters": {name: {"parameterType": kind, "isOptional": True} for name, kind in names.items()}
            },
            "outputDefinitions": {"parameters": {name: {"parameterType": kind} for name, kind in made.items()}},
            "dag": {
                "tasks": {
                    "box": {
                        "taskInfo": {"name": "box"},
                        "componentRef": {"name": "comp-box"},
                        "cachingOptions": {"enableCache": cached},
                        "inputs": {"parameters": {name: {"componentInputParameter": name} for name in names}},
                    }
                },
                "outputs": {
                    "parameters": {
                        name: {"valueFromParameter": {"producerSubtask": "box", "outputParameterKey": name}}
                        for name in made
                    }
                },
            },
        },
        "components": {
            "comp-box": {
                "executorLabel": "exec-box",
                "inputDefinitions": {
                    "parameters": {name: {"parameterType": kind, "isOptional": True} for name, kind in names.items()}
                },
                "outputDefinitions": {
                    "parameters": {name: {"parameterType": kind} for name, kind in made.items()},
                    "artifacts": {
                        name: {"artifactType": {"schemaTitle": kind, "schemaVersion": "0.0.1"}}
                        for name, kind in (artifacts or {}).items()
                    },
                },
            }
        },
        "deploymentSpec": {
            "executors": {
                "exec-box": {"container": {"image": BUSYBOX, "command": ["sh", "-c"], "args": [*words], **container}}
            }
        },
    }
    documents = [document]
    if settings:
        executors = {"deploymentSpec": {"executors": {"exec-box": settings}}}
        documents.append({"platforms": {"kubernetes": executors}})
    return Graph.from_documents(tuple(documents))
