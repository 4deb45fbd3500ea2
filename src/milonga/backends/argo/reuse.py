"""Results of earlier runs that are found before a run begins, so that their steps need no pod."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
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
                records = list(threads.map(look.at, wanted))
            kept = {leaf.slug: record for leaf, record in zip(wanted, records, strict=True) if record is not None}
            return {leaf: KnownResult(kept[leaf]["parameters"], str(kept[leaf]["run"])) for leaf in look.usable(kept)}
    except MilongaError:
        return {}


@dataclass(frozen=True, slots=True)
class _Look:
    """What the threads share; none of it changes."""

    bucket: Bucket
    texts: Mapping[str, str]
    recipes: Any
    folder: Path

    def at(self, leaf: Leaf) -> dict[str, Any] | None:
        """The record of the kept result of a step; None when there is none that could be read."""
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
        return record

    def usable(self, kept: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Those that were made of what the steps before them give in this run.

        What a step before gives is known where its result is usable itself, and nowhere else: what its pod finds, or
        makes, may be another result than the one that lies there now.
        """
        found: list[str] = []
        waiting = {leaf: {slot[0] for slot in self.recipes.recipe(leaf).slots} for leaf in kept}
        while ready := [leaf for leaf, makers in waiting.items() if makers <= set(found)]:
            for leaf in ready:
                del waiting[leaf]
            found += [leaf for leaf in ready if self._digest(leaf) == kept[leaf].get("inputs")]
        return found

    def _digest(self, leaf: str) -> str | None:
        """The digest of what a step is given in this run; None when that cannot be told from here."""
        from milonga.engine.pod.inputs_digest import inputs_digest
        from milonga.engine.pod.mounted_sources import MountedSources
        from milonga.engine.pod.request import given_value
        from milonga.engine.recipes.evaluator import Evaluator

        recipe = self.recipes.recipe(leaf)
        sources = MountedSources(
            recipes=self.recipes,
            objects=_Fetched(self.folder),
            unpacked=self.folder / ".given" / leaf,
            given={name: given_value(self.texts[name], kind) for name, kind in recipe.given},
            statuses={},
            names={},
        )
        try:
            return inputs_digest(Evaluator(sources).inputs(recipe.parameters, recipe.artifacts), sources.content_of)
        except (MilongaError, KeyError, OSError):
            return None


@dataclass(frozen=True, slots=True)
class _Fetched:
    """Where the fetched results lie."""

    folder: Path

    def place(self, leaf: str, what: str, indices: Sequence[int]) -> Path:
        """Results alone have been fetched."""
        return self.folder / leaf if what == RESULT and not indices else self.folder / ".none" / leaf / what


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
