"""Results of earlier runs that are found before a run begins, so that their steps need no pod."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.layout.layout import code_of
from milonga.backends.argo.layout.leaf import Leaf
from milonga.backends.argo.marks import CODE
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.argo.starts import parameters_of
from milonga.backends.argo.storage.archives import unpacked
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.targets.argo.cache_keys import CacheKey
from milonga.compiler.targets.argo.known_results import KnownResult
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import RESULT, STORE

_PATIENCE_S = 5.0
"""Of each request. Looking is a favour: who cannot reach the bucket from here starts the run all the same."""
_LOOKS_AT_ONCE = 8


def known_results(connection: ArgoConnection, bundle: Bundle, request: SubmitRequest) -> dict[str, KnownResult]:
    """Results by the name of their step in the store; nothing when the bucket cannot be read from here."""
    wanted = [leaf for leaf in bundle.layout.leaves.values() if leaf.key]
    if not wanted or not request.use_cache:
        return {}
    impatient = connection.with_patience(connection.patience.within(_PATIENCE_S))
    try:
        bucket = Bucket(repository_of(impatient, _earlier_run(impatient, bundle)), impatient.patience)
        with tempfile.TemporaryDirectory(prefix="milonga-known-") as folder:
            look = _Look(bucket, _texts(bundle, request), _recipes(bundle), Path(folder))
            with ThreadPoolExecutor(_LOOKS_AT_ONCE) as threads:
                found = list(threads.map(look.at, wanted))
    except MilongaError:
        return {}
    return {leaf.slug: result for leaf, result in zip(wanted, found, strict=True) if result is not None}


@dataclass(frozen=True, slots=True)
class _Look:
    """What the threads share; none of it changes."""

    bucket: Bucket
    texts: Mapping[str, str]
    recipes: Any
    folder: Path

    def at(self, leaf: Leaf) -> KnownResult | None:
        """The kept result of a step; None when there is none that could be read."""
        code, *inputs = leaf.key
        if not all(name in self.texts for name in inputs):
            return None
        key = f"{STORE}/{CacheKey(code, tuple(inputs)).resolved(self.texts)}/{RESULT}.tgz"
        packed, place = self.folder / f"{leaf.slug}.tgz", self.folder / leaf.slug
        if not self.bucket.fetch(key, packed):
            return None
        from milonga.engine.pod.results import read_record

        try:
            unpacked(packed, place, key)
            record = read_record(place, self.recipes.recipe(leaf.slug))
        except (MilongaError, ValueError, KeyError):
            return None  # spoilt: the step runs
        if record is None or "run" not in record or record.get("artifacts"):
            return None
        return KnownResult(record["parameters"], str(record["run"]))


def _earlier_run(connection: ArgoConnection, bundle: Bundle) -> Workflow:
    """Some run of the pipeline, since the controller notes in each where results go; an empty one before the first."""
    labels = ",".join(f"{name}={value}" for name, value in sorted(bundle.labels.items()))
    found = connection.read("GET", WORKFLOWS, query={"labelSelector": labels, "limit": "1"}).get("items") or []
    status = {"artifactRepositoryRef": ((found[0].get("status") or {}).get("artifactRepositoryRef") if found else {})}
    return Workflow.from_json({"metadata": found[0].get("metadata") or {} if found else {}, "status": status})


def _texts(bundle: Bundle, request: SubmitRequest) -> dict[str, str]:
    """The texts of the pipeline's inputs, as the run will have them, by name of the input."""
    declared = (bundle.template["spec"].get("arguments") or {}).get("parameters") or []
    given = [*(item for item in declared if "value" in item), *parameters_of(bundle, request)]
    texts = {str(item["name"]): str(item["value"]) for item in given}
    return {name: texts[argo] for name, argo in bundle.layout.inputs.items() if argo in texts}


def _recipes(bundle: Bundle) -> Any:
    from milonga.engine.pod.recipe import Recipes

    code = bundle.annotations.get(CODE)
    document = next(item for item in bundle.config_maps if item["metadata"]["name"] == code)
    return Recipes(code_of(document))
