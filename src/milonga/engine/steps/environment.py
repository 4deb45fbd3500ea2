"""Environment variables and limits of a step, from its container and its Kubernetes settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from milonga.compiler.graph import Container, Executor
from milonga.engine.steps.base import StepContext
from milonga.errors import RunError

_POD_METADATA = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")
_ONLY_ON_CLUSTERS = {
    "configMapAsEnv": "environment variables from a config map",
    "configMapAsVolume": "a config map as a volume",
    "initContainers": "init containers",
}
_ONLY_IN_CONTAINERS = {
    "secretAsVolume": "a secret as a volume",
    "pvcMount": "a persistent volume",
    "emptyDirMounts": "an empty volume at a path of its own",
    "genericEphemeralVolume": "an ephemeral volume",
}
_EXPANSION = re.compile(r"\$\$|\$\(([^)]*)\)")


def environment_of(container: Container, context: StepContext, *, in_container: bool = False) -> dict[str, str]:
    """Declared variables, `$(NAME)` expanded as Kubernetes does, and those taken from secrets.

    Args:
        container: where they are declared.
        context: secrets and settings.
        in_container: whether the step runs in a container, which can have volumes; a worker cannot.

    Raises:
        RunError: E443 a secret that was not given, E444 a field that only a pod has, E445 a setting that the task
            needs and this machine cannot provide.
    """
    _refuse_unprovided(context.platform, in_container=in_container)
    variables: dict[str, str] = {}
    for item in container.env or ():
        variables[item.name] = expanded(item.value or "", variables)
    for entry in context.platform.get("secretAsEnv") or ():
        variables.update(_from_secret(entry, context))
    for entry in context.platform.get("fieldPathAsEnv") or ():
        variables[entry["name"]] = _from_pod_metadata(str(entry.get("fieldPath") or ""), context)
    return variables


def without_secrets(environment: Mapping[str, str], context: StepContext) -> dict[str, str]:
    """`environment` for the identity of a step: in place of a secret's value stands which one it is.

    A token that is changed every week makes no result another one, and a digest of a short one would give it away.
    """
    found = dict(environment)
    for entry in context.platform.get("secretAsEnv") or ():
        for mapping in entry.get("keyToEnv") or ():
            if mapping["envVar"] in found:
                found[mapping["envVar"]] = f"secret {secret_name(entry, context)}/{mapping['secretKey']}"
    return found


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`text` as Kubernetes reads commands, arguments and values of variables: `$(NAME)` is the variable when there is
    one, `$$` is `$`, everything else stays (k8s.io/kubernetes, third_party/forked/golang/expansion)."""

    def replace(match: re.Match[str]) -> str:
        return "$" if match.group(1) is None else variables.get(match.group(1), match.group(0))

    return _EXPANSION.sub(replace, text)


def _refuse_unprovided(platform: Mapping[str, Any], *, in_container: bool) -> None:
    """A task that counts on a volume or a config map must not run without it. Placement hints may be left out."""
    unprovided = _ONLY_ON_CLUSTERS if in_container else {**_ONLY_ON_CLUSTERS, **_ONLY_IN_CONTAINERS}
    for key, what in unprovided.items():
        needed = [entry for entry in platform.get(key) or () if not entry.get("optional")]
        if needed and key in _ONLY_IN_CONTAINERS:
            raise RunError(
                "E445",
                f"the task needs {what}, which only a container can have",
                got=key,
                hint="run it with --containers, or take the setting out for local runs",
            )
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


def secret_name(entry: Mapping[str, Any], context: StepContext) -> str | None:
    """The secret that a setting names; None when its name is an optional input that was not given."""
    parameter = entry.get("secretNameParameter")
    name = context.setting(parameter) if parameter else entry.get("secretName") or ""
    return None if parameter and not name else str(name)


def secret_values(name: str, context: StepContext, *, optional: bool) -> Mapping[str, str]:
    """All keys and values of a secret.

    Raises:
        RunError: E443, it was not given and is not optional.
    """
    if name not in context.secrets and not optional:
        raise RunError(
            "E443",
            f"the secret '{name}' was not given",
            hint="give it with --secrets FILE, a JSON object {secret: {key: value}}",
        )
    return context.secrets.get(name, {})


def _from_secret(entry: Mapping[str, Any], context: StepContext) -> dict[str, str]:
    name = secret_name(entry, context)
    if name is None:
        return {}  # KFP's driver leaves the setting out
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


def depends_on_inputs(platform: Mapping[str, Any], executor: Executor | None = None) -> bool:
    """Whether anything that counts here takes its value from the inputs of the task, and not from the file.

    Args:
        platform: the executor's Kubernetes settings.
        executor: whose image may be a placeholder.
    """
    container = executor.container if executor is not None else None
    if container is not None and "{{$" in (container.image or ""):
        return True
    return any("runtimeValue" not in binding for binding in _bindings(platform))


def _bindings(platform: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in _entries(platform, "secretAsEnv", "secretAsVolume"):
        if entry.get("secretNameParameter"):
            yield entry["secretNameParameter"]
    for entry in _entries(platform, "pvcMount"):
        yield entry.get("pvcNameParameter") or ({"runtimeValue": {}} if entry.get("constant") else entry)


def _entries(platform: Mapping[str, Any], *keys: str) -> Iterable[Mapping[str, Any]]:
    return (entry for key in keys for entry in platform.get(key) or ())


def timeout_of(context: StepContext) -> float | None:
    """The limit of one attempt in seconds."""
    value = context.platform.get("activeDeadlineSeconds")
    return float(value) if value else None
