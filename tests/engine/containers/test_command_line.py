"""The command line of a container, as podman and docker take it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.engine.containers.command_line import Mount, client_environment, file_of_variables, start_command
from milonga.engine.containers.engine import ContainerEngine, Flavour
from milonga.engine.containers.program import PodProgram, Volume
from milonga.engine.containers.usage import Usage
from milonga.engine.workers.base import Limits
from milonga.errors import RunError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r"), min_size=1, max_size=40)


def command(flavour: Flavour = "podman", program: PodProgram | None = None, **more: object) -> list[str]:
    settings = {"command": (), "args": (), "environment": {}, "mounts": (), "limits": Limits(), **more}
    return start_command(
        ContainerEngine(flavour, f"/usr/bin/{flavour}", "1", is_rootless=bool(more.pop("is_rootless", False))),
        program or PodProgram("f" * 64),
        name="milonga-1",
        labels={"milonga.run": "r"},
        id_file=Path("/run/id"),
        **{key: value for key, value in settings.items() if key != "is_rootless"},
    )


def after(words: list[str], option: str) -> list[str]:
    return [words[index + 1] for index, word in enumerate(words) if word == option]


def test_the_container_is_never_removed_before_its_exit_code_is_read() -> None:
    assert "--rm" not in command() and after(command(), "--pull") == ["never"]


def test_the_first_word_of_the_command_is_the_entry_point() -> None:
    words = command(command=("sh", "-c", "x y"), args=("--privileged", "z"))
    assert after(words, "--entrypoint") == ['["sh"]']
    assert words[words.index("f" * 64) :] == ["f" * 64, "-c", "x y", "--privileged", "z"]
    assert after(command("docker", command=("[", "a", "]")), "--entrypoint") == ["["]
    assert "--entrypoint" not in command(args=("only", "arguments"))


@given(st.lists(TEXT, max_size=4), st.lists(TEXT, max_size=4))
def test_no_word_of_a_pipeline_becomes_an_option(first: list[str], then: list[str]) -> None:
    words = command(command=tuple(first), args=tuple(then))
    at = words.index("f" * 64)
    assert words[at + 1 :] == [*first[1:], *then]
    assert all(json.loads(each) == first[:1] for each in after(words[:at], "--entrypoint"))


@given(TEXT, TEXT)
def test_any_path_is_one_mount(source: str, target: str) -> None:
    mount = Mount(Path("/") / source, f"/{target}", is_read_only=True)
    assert next(csv.reader(io.StringIO(mount.option()))) == [
        *("type=bind", f"source={Path('/') / source}", f"target=/{target}", "readonly")
    ]


def test_values_of_variables_stand_in_no_list_of_processes() -> None:
    variables = {"TOKEN": "hush", "AWS_SECRET_ACCESS_KEY": "hush", "GOOGLE_API_KEY": "hush", "DOCKER_PASSWORD": "hush"}
    assert "hush" not in " ".join(command(environment=variables))
    assert client_environment(variables) == variables


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "DOCKER_HOST", "CONTAINERS_CONF", "HTTPS_PROXY", "LD_PRELOAD", "A*", "é", "a.b"]
)
def test_a_variable_that_would_change_the_client_goes_by_a_file(name: str) -> None:
    words = command(environment={name: "hush"}, variables_file=Path("/private/variables"))
    assert after(words, "--env") == [] and after(words, "--env-file") == ["/private/variables"]
    assert client_environment({name: "hush"}) == {} and "hush" not in " ".join(words)
    assert file_of_variables({name: "hush", "TOKEN": "other"}) == f"{name}=hush\n"


@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS_PROXY", "a\nPATH=b"), ("PATH", "a\r"), ("#A*", "x"), ("A B*", "x")]
)
def test_what_such_a_file_cannot_hold_is_refused(name: str, value: str) -> None:
    with pytest.raises(RunError) as caught:
        file_of_variables({name: value})
    assert caught.value.code == "E464"


def test_limits_are_those_of_the_step() -> None:
    words = command(limits=Limits(cpus=0.5, memory_bytes=1024, gpus=("0", "1")))
    assert after(words, "--cpus") == ["0.500"] and after(words, "--memory") == after(words, "--memory-swap") == ["1024"]
    assert after(words, "--device") == ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]
    assert after(command("docker", limits=Limits(gpus=("0", "1"))), "--gpus") == ['"device=0,1"']
    assert not {"--cpus", "--memory", "--device"} & {*command()}


def test_volumes_in_memory_and_shared_memory() -> None:
    program = PodProgram(
        "f" * 64, volumes=(Volume("/m", is_in_memory=True, size_bytes=8), Volume("/d")), shared_memory_bytes=16
    )
    words = command(program=program)
    assert after(words, "--mount") == ["type=tmpfs,target=/m,tmpfs-size=8"] and after(words, "--shm-size") == ["16"]


def test_whom_a_container_runs_as_makes_its_files_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, rootless = ContainerEngine("docker", "", ""), ContainerEngine("podman", "", "", is_rootless=True)
    assert [rootless.user_for(user) for user in ("", "0", "root", "0:5", "app", "1000")] == [None] * 4 + ["0:0"] * 2
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert shared.user_for("app") is None
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("os.getuid", lambda: 1000)
    monkeypatch.setattr("os.getgid", lambda: 100)
    assert shared.user_for("") == "1000:100"


def test_use_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    for text in ("", "no-such-container\n", "../../etc"):
        (tmp_path / "id").write_text(text)
        usage = Usage(tmp_path / "id")
        usage.look()
        assert (usage.cpu_s, usage.peak_memory_bytes) == (0, 0)
