"""The volumes of a container, from the Kubernetes settings of its step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from milonga.compiler.graph.quantities import amount, is_quantity
from milonga.engine.containers.program import Volume
from milonga.engine.home import safe_path
from milonga.engine.steps.base import StepContext
from milonga.engine.steps.environment import secret_name, secret_values
from milonga.errors import RunError

_SHARED_MEMORY_BYTES = 2**31
"""An enabledSharedMemory without a size: as much as half of a small node, which is what Kubernetes would give."""


def volumes_of(context: StepContext) -> tuple[Volume, ...]:
    """All volumes that a step asks for.

    Raises:
        RunError: E443 a secret that was not given, E445 a volume without a name or place.
    """
    platform = context.platform
    return (
        *(volume for entry in platform.get("secretAsVolume") or () for volume in _secret(entry, context)),
        *(_claim(entry, context) for entry in platform.get("pvcMount") or ()),
        *(_empty(entry) for entry in platform.get("emptyDirMounts") or ()),
        *(Volume(_place(entry)) for entry in platform.get("genericEphemeralVolume") or ()),
    )


def shared_memory_of(context: StepContext) -> int | None:
    """The size of /dev/shm in bytes; None leaves it to the engine."""
    setting = context.platform.get("enabledSharedMemory")
    if not setting:
        return None
    return _bytes(setting.get("size")) or _SHARED_MEMORY_BYTES


def _secret(entry: Mapping[str, Any], context: StepContext) -> Iterator[Volume]:
    name = secret_name(entry, context)
    if name is None:
        return  # an optional input that was not given: KFP's driver leaves the setting out
    values = secret_values(name, context, optional=bool(entry.get("optional")))
    for key in values:
        if "/" in key or key in ("", ".", ".."):
            raise RunError("E445", f"the secret '{name}' has a key that is no file name", got=repr(key)[:120])
    yield Volume(_place(entry), files=values)


def _claim(entry: Mapping[str, Any], context: StepContext) -> Volume:
    """A persistent volume: a folder of the state folder that all runs share, as they share a claim on a cluster."""
    name = str(context.setting(_name_binding(entry)) or "")
    if not name:
        raise RunError("E445", "the task mounts a persistent volume that has no name", got=str(dict(entry))[:200])
    folder = context.home.root / "volumes" / safe_path(name)
    below = PurePosixPath(str(entry.get("subPath") or ""))
    if below.is_absolute() or ".." in below.parts:
        raise RunError("E445", "the sub-path of a volume leads out of it", got=str(below))
    return Volume(_place(entry), source=Path(folder, below))


def _name_binding(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Newer files say the name as an input binding; in older ones the binding is spread over the entry."""
    if entry.get("pvcNameParameter"):
        binding: Mapping[str, Any] = entry["pvcNameParameter"]
        return binding
    if entry.get("constant"):
        return {"runtimeValue": {"constant": entry["constant"]}}
    return {key: entry[key] for key in ("taskOutputParameter", "componentInputParameter") if entry.get(key)}


def _empty(entry: Mapping[str, Any]) -> Volume:
    in_memory = entry.get("medium") == "Memory"
    return Volume(_place(entry), is_in_memory=in_memory, size_bytes=_bytes(entry.get("sizeLimit")))


def _bytes(quantity: Any) -> int | None:
    return int(amount(str(quantity))) if quantity and is_quantity(str(quantity)) else None


def _place(entry: Mapping[str, Any]) -> str:
    """The absolute path inside; a relative one counts from the root, as container runtimes take it."""
    path = str(entry.get("mountPath") or "")
    if path.strip("/") in ("", "."):
        raise RunError("E445", "the task mounts a volume, and does not say where", got=str(dict(entry))[:200])
    return str(PurePosixPath("/", path))
