"""Which engine is found, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from milonga.engine.containers.finding import find_engine, look_for_engines
from milonga.errors import MilongaError

Program = Callable[..., Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Programs on a PATH of their own: `program(name, version, answer, exit_code)`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("MILONGA_CONTAINER_ENGINE", raising=False)

    def make(name: str, version: str, answer: str = "", *, exit_code: int = 0, error: str = "") -> Path:
        path = folder / name
        path.write_text(
            "#!/bin/sh\n"
            f"if [ \"$1\" = --version ]; then echo '{version}'; exit; fi\n"
            f"echo '{answer}'; echo '{error}' >&2; exit {exit_code}\n"
        )
        path.chmod(0o755)
        return path

    return make


def error_of() -> MilongaError:
    with pytest.raises(MilongaError) as caught:
        find_engine()
    return caught.value


def test_podman_comes_first(program: Program) -> None:
    program("docker", "Docker version 28.0", '28.0 ["name=seccomp"]')
    path = program("podman", "podman version 5.0.1", "5.0.1 true")
    found = find_engine()
    assert (found.flavour, found.path, found.version, found.is_rootless) == ("podman", str(path), "5.0.1", True)


def test_an_engine_that_does_not_answer_makes_room_for_the_next(program: Program) -> None:
    program("podman", "podman version 5", exit_code=125, error="cannot connect to the machine")
    program("docker", "Docker version 28", '28.0 ["name=seccomp","name=rootless"]')
    assert find_engine().flavour == "docker" and find_engine().is_rootless
    assert [each.problem for each in look_for_engines()] == ["cannot connect to the machine", ""]


def test_a_docker_without_its_daemon_says_so(program: Program) -> None:
    program("docker", "Docker version 28", exit_code=1, error="Cannot connect to the Docker daemon")
    error = error_of()
    assert error.code == "E446" and "Cannot connect to the Docker daemon" in error.got


def test_podman_under_the_name_of_docker_is_driven_as_podman(program: Program) -> None:
    program("docker", "podman version 4.9.3", "4.9.3 false")
    assert find_engine().flavour == "podman"


def test_nothing_there_is_said(program: Program) -> None:
    error = error_of()
    assert error.code == "E440" and "neither podman nor docker" in error.got


def test_an_engine_that_comes_later_is_found(program: Program) -> None:
    assert error_of().code == "E440"
    program("podman", "podman version 5", "5.0 false")
    assert find_engine().version == "5.0"


def test_the_setting_decides(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("podman", "podman version 5", "5.0 false")
    docker = program("docker", "Docker version 28", "28.0 []")
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", str(docker))
    assert find_engine().flavour == "docker"
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", "none")
    assert error_of().code == "E440"
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", "no-such-engine")
    error = error_of()
    assert error.code == "E968" and error.got == "no-such-engine"


def test_a_program_that_is_no_engine_is_named(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("nerdctl", "nerdctl version 2.0")
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", "nerdctl")
    error = error_of()
    assert error.code == "E446" and "neither podman nor docker" in error.got


def test_the_engine_of_this_machine_is_found(engine) -> None:
    assert find_engine().path == str(engine.program)
