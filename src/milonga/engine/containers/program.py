"""What a container runs, with what the settings of its pod add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.workers.base import ContainerProgram


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder of a container that comes from outside of it.

    Attributes:
        target: absolute path inside.
        source: folder of this machine, made when it does not exist; None is a new one, gone after the attempt.
        files: name → content of what must lie in a new folder, readable by the container only; for secrets.
        is_in_memory: whether a new folder is kept in memory.
        size_bytes: at most, for folders in memory; None is the engine's own limit.
    """

    target: str
    source: Path | None = None
    files: Mapping[str, str] | None = None
    is_in_memory: bool = False
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PodProgram(ContainerProgram):
    """A program and its surroundings. `image` is the digest of one that is on this machine.

    Attributes:
        image_name: as the pipeline calls it.
        image_user: whom the image says its containers run as, "" for root.
        volumes: in order.
        shared_memory_bytes: size of /dev/shm; None is the engine's default.
    """

    image_name: str = ""
    image_user: str = ""
    volumes: tuple[Volume, ...] = ()
    shared_memory_bytes: int | None = None
