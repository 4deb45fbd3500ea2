"""Environment variables and limits of a step, from its container and its Kubernetes settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import Container
from milonga.engine.steps.base import StepContext
from milonga.errors import RunError

_POD_METADATA = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")
_UNPROVIDED = {
    "configMapAsEnv": "environment variables from a config map",
    "configMapAsVolume": "a config map as a volume",
    "secretAsVolume": "a secret as a volume",
    "pvcMount": "a persistent volume",
    "emptyDirMounts": "an empty volume at a path of its own",
    "genericEphemeralVolume": "an ephemeral volume",
    "initContainers": "init containers",
}
_EXPANSION = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def environment_of(container: Container, context: StepContext) -> dict[str, str]:
    """Declared variables, `$(NAME)` expanded as Kubernetes does, and those taken from secrets.

    Raises:
        RunError: E443 a secret that was not given, E444 a field that only a pod has, E445 a setting that the task
            needs and this machine cannot provide.
    """
    _refuse_unprovided(context.platform)
    variables: dict[str, str] = {}
    for item in container.env or ():
        variables[item.name] = _EXPANSION.sub(
            lambda match: variables.get(match.group(1), match.group(0)), item.value or ""
        )
    for entry in context.platform.get("secretAsEnv") or ():
        variables.update(_from_secret(entry, context))
    for entry in context.platform.get("fieldPathAsEnv") or ():
        variables[entry["name"]] = _from_pod_metadata(str(entry.get("fieldPath") or ""), context)
    return variables


def _refuse_unprovided(platform: Mapping[str, Any]) -> None:
    """A task that counts on a volume or a config map must not run without it. Placement hints may be left out."""
    for key, what in _UNPROVIDED.items():
        needed = [entry for entry in platform.get(key) or () if not entry.get("optional")]
        if needed:
            raise RunError(
                "E445",
                f"the task needs {what}, which this engine does not provide",
                got=key,
                hint="run it on a cluster, or take the setting out for local runs",
            )


def _from_pod_metadata(path: str, context: StepContext) -> str:
    """A label or annotation that the same document gives to the pod; one that it does not give is empty.

    Raises:
        RunError: E444, a field that only a real pod has.
    """
    field = _POD_METADATA.fullmatch(path)
    if field is None:
        raise RunError("E444", "there is no pod here whose field could be read", got=path, hint="run it on a cluster")
    given = (context.platform.get("podMetadata") or {}).get(field.group(1)) or {}
    return str(given.get(field.group(2), ""))


def _from_secret(entry: Mapping[str, Any], context: StepContext) -> dict[str, str]:
    parameter = entry.get("secretNameParameter")
    name = context.setting(parameter) if parameter else entry.get("secretName") or ""
    if parameter and not name:
        return {}  # an optional input that was not given: KFP's driver leaves the setting out
    found: dict[str, str] = {}
    for mapping in entry.get("keyToEnv") or ():
        value = context.secrets.get(name, {}).get(mapping["secretKey"])
        if value is not None:
            found[mapping["envVar"]] = value
        elif not entry.get("optional"):
            raise RunError(
                "E443",
                f"the secret '{name}' has no value for the key '{mapping['secretKey']}' here",
                hint="give it with --secrets FILE, a JSON object {secret: {key: value}}",
            )
    return found


def depends_on_inputs(platform: Mapping[str, Any]) -> bool:
    """Whether a setting that counts here takes its value from the inputs of the task, and not from the file."""
    parameters = (entry.get("secretNameParameter") or {} for entry in platform.get("secretAsEnv") or ())
    return any("runtimeValue" not in parameter for parameter in parameters if parameter)


def timeout_of(context: StepContext) -> float | None:
    """The limit of one attempt in seconds."""
    value = context.platform.get("activeDeadlineSeconds")
    return float(value) if value else None
