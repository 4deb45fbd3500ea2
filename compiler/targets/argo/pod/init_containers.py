"""Containers that run before the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from milonga.compiler.targets.argo.pod.constants import quantity
from milonga.compiler.targets.argo.pod.mount import Mount
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.step import Step
from milonga.compiler.targets.argo.pod.volumes import mount_path

_TAKEN = frozenset({"main", "init", "wait", "supervisor"})
_FIELDS = frozenset({"name", "image", "command", "args", "env", "resources", "restartPolicy", "volumeMounts"})


def init_containers_of(step: Step, mounts: Sequence[Mount]) -> list[Any]:
    """The step's init containers; they run after Argo's own.

    Raises:
        UnsupportedByTarget: E315, a name that Argo uses, an unknown field, or a volume that the step does not have.
    """
    found: list[Any] = []
    names = set(_TAKEN)
    for entry in step.entries("initContainers"):
        name = str(entry.get("name") or "")
        if not name or name in names or name.startswith("milonga-"):
            raise refused("initContainers", "the name is missing, taken, or one that the target uses", got=name)
        names.add(name)
        found.append(_container(entry, name, mounts))
    return found


def _container(entry: Mapping[str, Any], name: str, mounts: Sequence[Mount]) -> dict[str, Any]:
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise refused("initContainers", "there is no such field", got=unknown[0])
    if not entry.get("image"):
        raise refused("initContainers", "the container has no image", got=name)
    found: dict[str, Any] = {"name": name, "image": str(entry["image"])}
    for part in ("command", "args"):
        if entry.get(part):
            found[part] = [str(text) for text in entry[part]]
    if entry.get("env"):
        found["env"] = [{"name": str(v.get("name") or ""), "value": str(v.get("value") or "")} for v in entry["env"]]
    if entry.get("restartPolicy"):
        if entry["restartPolicy"] != "Always":
            raise refused("initContainers", "there is no such restart policy", got=entry["restartPolicy"])
        found["restartPolicy"] = "Always"
    resources = {
        part: {resource: quantity(size, "initContainers") for resource, size in sizes.items()}
        for part, sizes in (entry.get("resources") or {}).items()
        if part in ("limits", "requests") and sizes
    }
    if resources:
        found["resources"] = resources
    if entry.get("volumeMounts"):
        found["volumeMounts"] = [_mount(item, mounts) for item in entry["volumeMounts"]]
    return found


def _mount(entry: Mapping[str, Any], mounts: Sequence[Mount]) -> dict[str, Any]:
    wanted = str(entry.get("volumeName") or "")
    for mount in mounts:
        if wanted and mount.known_as == wanted:
            return {"name": mount.name, "mountPath": mount_path(entry, "initContainers")}
    raise refused("initContainers", "the step has no volume of this name", got=wanted)
