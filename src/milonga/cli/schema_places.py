"""`--schemas`: definitions of a system's objects in a folder or file, or in a cluster."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from milonga.cli.output import message
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.targets.base import Target
from milonga.errors import UsageError

SCHEMAS_HELP = (
    "Definitions (CRDs) of the target's system to check against: a folder or file, as of kubectl get crd -o yaml; "
    "'cluster' for those of the cluster that the kubeconfig names, 'cluster:CONTEXT' for another context of it."
)
_CLUSTER = "cluster"


@contextmanager
def definitions_at(text: str | None, target: Target | None) -> Iterator[Path | None]:
    """The file or folder of definitions that `--schemas` names; those of a cluster are in a file until the end.

    Args:
        text: "cluster", "cluster:CONTEXT", or a path; a folder of that name is written `./cluster`. None for nothing.
        target: whose objects they define.

    Raises:
        UsageError: E933 no context, E934 there is no cluster.
        MissingExtra: E910, no client of Kubernetes is installed.
        UnsupportedByTarget: E357 or E358, the definitions may not be read or are not there.
        RemoteError: E800-E808, the cluster fails.
    """
    if text is None or target is None:
        yield None
        return
    name, colon, context = text.partition(":")
    if name != _CLUSTER:
        if not text or not Path(text).exists():
            raise click.BadParameter(f"Path '{text}' does not exist.", param_hint="'--schemas'")
        yield Path(text)
        return
    if colon and not context:
        raise UsageError("E933", "no context of the kubeconfig is named", got=text, expected="cluster:CONTEXT")
    found = _read(context, target)
    with tempfile.TemporaryDirectory(prefix="milonga-") as folder:
        file = Path(folder) / "definitions.json"
        file.write_text(json.dumps({"kind": "List", "items": found}), "utf-8")
        yield file


def _read(context: str, target: Target) -> Sequence[Mapping[str, Any]]:
    from milonga.backends.argo.argo_connection import ArgoConnection  # checking without a cluster needs none of it
    from milonga.backends.argo.argo_settings import ArgoSettings
    from milonga.backends.argo.definitions import definitions_of
    from milonga.backends.patience import Patience

    connection = ArgoConnection(ArgoSettings.resolved({"context": context} if context else {}), Patience())
    kinds = [target.kind] if isinstance(target, ArgoTarget) else []
    found = definitions_of(connection, kinds)
    told = ", ".join(
        f"{kind}{'' if _says_fields(item) else ' (its fields are not in it)'}"
        for kind, item in zip(kinds, found, strict=True)
    )
    message(f"definitions of {connection.access.host}: {told}")
    return found


def _says_fields(definition: Mapping[str, Any]) -> bool:
    """Whether a definition is a full one: Argo's minimal ones take anything, and then milonga's table says more."""
    versions = (definition.get("spec") or {}).get("versions") or []
    schemas = [(version.get("schema") or {}).get("openAPIV3Schema") or {} for version in versions]
    return any(((schema.get("properties") or {}).get("spec") or {}).get("properties") for schema in schemas)
