"""Volumes of a pod and their mounts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from milonga.compiler.targets.argo.pod.constants import quantity
from milonga.compiler.targets.argo.pod.mount import Mount
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.step import Step


def mounts_of(step: Step) -> tuple[Mount, ...]:
    """All volumes, with names of their own: names of secrets may be no names of volumes, and may meet Argo's.

    Raises:
        UnsupportedByTarget: E315, a volume without a name or place, or two at one place.
    """
    found = (*_secrets(step), *_config_maps(step), *_claims(step), *_empty(step), *_ephemeral(step), *_memory(step))
    places: set[str] = set()
    for mount in found:
        if mount.mount_path in places:
            raise refused("volumes", "two of them are mounted at one place", got=mount.mount_path)
        places.add(mount.mount_path)
    return found


def _secrets(step: Step) -> Iterator[Mount]:
    for number, entry in enumerate(step.entries("secretAsVolume")):
        name = step.name_of(entry, "secretName", "secretAsVolume")
        if name is not None:
            source = {"secret": {"secretName": name, "optional": bool(entry.get("optional"))}}
            place = mount_path(entry, "secretAsVolume")
            yield Mount(f"secret-{number}", source, place, _text(name), _runtime(name))


def _config_maps(step: Step) -> Iterator[Mount]:
    for number, entry in enumerate(step.entries("configMapAsVolume")):
        name = step.name_of(entry, "configMapName", "configMapAsVolume")
        if name is not None:
            source = {"configMap": {"name": name, "optional": bool(entry.get("optional"))}}
            place = mount_path(entry, "configMapAsVolume")
            yield Mount(f"config-map-{number}", source, place, _text(name), _runtime(name))


def _claims(step: Step) -> Iterator[Mount]:
    for entry in step.entries("pvcMount"):
        name = step.bound(_claim_binding(entry))
        if not name or not isinstance(name, (str, RuntimeValue)):
            raise refused("pvcMount", "there is no name", got=dict(entry))
        below = PurePosixPath(str(entry.get("subPath") or ""))
        if below.is_absolute() or ".." in below.parts:
            raise refused("pvcMount", "the sub-path leads out of the volume", got=below)
        options = {"subPath": str(below)} if below.parts else {}
        source = {"persistentVolumeClaim": {"claimName": name}}
        yield Mount(_claim_volume(name), source, mount_path(entry, "pvcMount"), _text(name), None, options)


def _claim_volume(name: str | RuntimeValue) -> str | RuntimeValue:
    """The name of the volume of a claim, the same for each of its mounts: a pod with two volumes of one claim never
    starts (kubernetes issue 127004, seen). A list of volumes is patched by name, so the run can find it out."""
    if isinstance(name, RuntimeValue):
        return RuntimeValue(f"'claim-' + sprig.sha256sum({name.expression})[:12]")
    return f"claim-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _claim_binding(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Newer files say the name as a binding; in older ones the binding is spread over the entry."""
    if entry.get("pvcNameParameter"):
        binding: Mapping[str, Any] = entry["pvcNameParameter"]
        return binding
    if entry.get("constant"):
        return {"runtimeValue": {"constant": entry["constant"]}}
    found = {key: entry[key] for key in ("taskOutputParameter", "componentInputParameter") if entry.get(key)}
    if not found:
        raise refused("pvcMount", "there is no name", got=dict(entry))
    return found


def _empty(step: Step) -> Iterator[Mount]:
    for number, entry in enumerate(step.entries("emptyDirMounts")):
        source: dict[str, Any] = {"medium": str(entry["medium"])} if entry.get("medium") else {}
        if entry.get("sizeLimit"):
            source["sizeLimit"] = quantity(entry["sizeLimit"], "emptyDirMounts")
        place = mount_path(entry, "emptyDirMounts")
        yield Mount(f"empty-{number}", {"emptyDir": source}, place, str(entry.get("volumeName") or ""))


def _ephemeral(step: Step) -> Iterator[Mount]:
    for number, entry in enumerate(step.entries("genericEphemeralVolume")):
        size = quantity(entry.get("size") or "", "genericEphemeralVolume")
        claim: dict[str, Any] = {
            "accessModes": [str(mode) for mode in entry.get("accessModes") or ()],
            "resources": {"requests": {"storage": size}},
        }
        if not entry.get("defaultStorageClass"):
            claim["storageClassName"] = str(entry.get("storageClassName") or "")
        metadata = {
            part: {key: str(text) for key, text in texts.items()}
            for part, texts in (entry.get("metadata") or {}).items()
            if texts
        }
        template = {"metadata": metadata, "spec": claim} if metadata else {"spec": claim}
        source = {"ephemeral": {"volumeClaimTemplate": template}}
        place = mount_path(entry, "genericEphemeralVolume")
        yield Mount(f"ephemeral-{number}", source, place, str(entry.get("volumeName") or ""))


def _memory(step: Step) -> Iterator[Mount]:
    setting = step.settings.get("enabledSharedMemory")
    if setting is not None and setting is not False:
        source: dict[str, Any] = {"medium": "Memory"}
        if setting.get("size"):
            source["sizeLimit"] = quantity(setting["size"], "enabledSharedMemory")
        yield Mount("shared-memory", {"emptyDir": source}, "/dev/shm", str(setting.get("volumeName") or ""))


def mount_path(entry: Mapping[str, Any], setting: str) -> str:
    """The absolute place of a mount; a relative one counts from the root, as container runtimes take it.

    Raises:
        UnsupportedByTarget: E315, there is none.
    """
    path = PurePosixPath("/", str(entry.get("mountPath") or ""))
    if not path.parts[1:] or ":" in str(path):
        raise refused(setting, "it is not said where the volume is mounted", got=dict(entry))
    return str(path)


def _text(name: Any) -> str:
    return name if isinstance(name, str) else ""


def _runtime(name: Any) -> Any:
    return name if isinstance(name, RuntimeValue) else None
