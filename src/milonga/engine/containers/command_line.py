"""The command line that starts one container, for podman and docker alike.

Nothing that a pipeline says becomes an option: names are checked, values stand behind their option or behind the image.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.containers.engine import ContainerEngine
from milonga.engine.containers.program import PodProgram
from milonga.engine.workers.base import Limits
from milonga.errors import RunError

_READ_BY_CLIENTS = re.compile(
    r"PATH|HOME|USER|SHELL|TMPDIR|TZ|LANG|NOTIFY_SOCKET|REGISTRY_AUTH_FILE|SSH_AUTH_SOCK|SSL_CERT_(FILE|DIR)|"
    r".*_(PROXY|proxy)|(LD|DYLD|LC|XDG|DBUS|LISTEN|PODMAN|CONTAINERS)_.*|CONTAINER_(HOST|SSHKEY|CONNECTION)|"
    r"STORAGE_(DRIVER|OPTS)|GO(DEBUG|GC|MAXPROCS|MEMLIMIT|TRACEBACK)|"
    r"DOCKER_(HOST|CONFIG|CONTEXT|CERT_PATH|TLS.*|API_VERSION|DEFAULT_PLATFORM|CONTENT_TRUST.*|CLI_.*)|"
    r".*[^A-Za-z0-9_].*",
    re.DOTALL,
)
"""Variables that would change what podman or docker itself does, whose names it would read as a pattern, or that a
shell drops, which such a program may be a script of."""
_NO_LINE = re.compile(r"[\r\n]|\A\s*#|\A[^=]*\s")
"""What a file of variables cannot hold: more than a line, and names that make it a comment or end early."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A path of this machine at a path inside of a container."""

    source: Path
    target: str
    is_read_only: bool = False

    def option(self) -> str:
        """As `--mount` takes it."""
        fields = ["type=bind", f"source={self.source}", f"target={self.target}"]
        return _csv_line([*fields, *(["readonly"] if self.is_read_only else [])])


def start_command(
    engine: ContainerEngine,
    program: PodProgram,
    *,
    name: str,
    labels: Mapping[str, str],
    command: Sequence[str],
    args: Sequence[str],
    environment: Mapping[str, str],
    mounts: Sequence[Mount],
    limits: Limits,
    id_file: Path,
    variables_file: Path | None = None,
) -> list[str]:
    """The engine's arguments.

    The container is never removed by the engine (`--rm`): its exit code would go with it. Its command is process 1, as
    in a pod. No value of a variable stands in the arguments, where every list of processes would show it. Most come
    from the client's environment, those that the client itself would read from `variables_file` (`file_of_variables`).
    """
    options = ["run", "--name", name, "--pull", "never", "--cidfile", str(id_file), "--log-driver", "none"]
    options += ["--stop-timeout", "0"]
    for key, value in labels.items():
        options += ["--label", f"{key}={value}"]
    user = engine.user_for(program.image_user)
    if user is not None:
        options += ["--user", user]
    for key in client_environment(environment):
        options += ["--env", key]
    options += ["--env-file", str(variables_file)] if variables_file is not None else []
    for mount in mounts:
        options += ["--mount", mount.option()]
    for volume in program.volumes:
        if volume.is_in_memory:
            size = [f"tmpfs-size={volume.size_bytes}"] if volume.size_bytes else []
            options += ["--mount", _csv_line(["type=tmpfs", f"target={volume.target}", *size])]
    if program.shared_memory_bytes is not None:
        options += ["--shm-size", str(program.shared_memory_bytes)]
    options += _limit_options(engine, limits)
    words = list(args)
    if command:
        first = json.dumps([command[0]]) if engine.flavour == "podman" else command[0]  # podman reads "[" as JSON
        options += ["--entrypoint", first]
        words = [*command[1:], *args]
    return [*options, program.image, *words]


def _csv_line(fields: Sequence[str]) -> str:
    """The fields of a mount: commas and quotes in a path stay what they are."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _limit_options(engine: ContainerEngine, limits: Limits) -> list[str]:
    options: list[str] = []
    if limits.cpus is not None:
        options += ["--cpus", f"{limits.cpus:.3f}"]
    if limits.memory_bytes is not None:
        options += ["--memory", str(limits.memory_bytes), "--memory-swap", str(limits.memory_bytes)]
    if limits.gpus and engine.flavour == "docker":
        options += ["--gpus", f'"device={",".join(limits.gpus)}"']
    elif limits.gpus:
        for device in limits.gpus:
            options += ["--device", f"nvidia.com/gpu={device}"]
    return options


def client_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that the client must have, for the container to get them."""
    return {key: value for key, value in environment.items() if not _READ_BY_CLIENTS.fullmatch(key)}


def file_of_variables(environment: Mapping[str, str]) -> str:
    """The text of a file with the variables that must not reach the client's own environment; "" when there are none.

    Raises:
        RunError: E464, one of them has more than one line, which such a file cannot hold.
    """
    lines = [f"{key}={value}" for key, value in environment.items() if _READ_BY_CLIENTS.fullmatch(key)]
    for line in lines:
        if _NO_LINE.search(line):
            name = line.partition("=")[0]
            raise RunError(
                "E464",
                f"the variable '{name[:100]}' cannot be given to a container under this name",
                expected="a value of one line, or a name of letters and digits that the container engine does not read",
            )
    return "".join(f"{line}\n" for line in lines)
