"""Results of earlier runs in the bucket, and which of them a new run may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.layout.layout import code_of
from milonga.backends.argo.layout.leaf import Leaf
from milonga.backends.argo.marks import CODE
from milonga.backends.argo.starts import parameters_of
from milonga.backends.argo.storage.archives import unpacked
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.targets.argo.cache_keys import CacheKey
from milonga.compiler.targets.argo.known_results import KnownResult
from milonga.engine.pod.inputs_digest import inputs_digest
from milonga.engine.pod.mounted_sources import MountedSources
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.request import given_value
from milonga.engine.pod.results import read_record
from milonga.engine.recipes.evaluator import Evaluator
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import RESULT, STORE

_FETCHED_AT_ONCE = 8


class KeptResults:
    """The kept results of steps that make parameters alone, outside of loops. Used by one thread.

    Args:
        records: of the results, by the name of their step in the store.
        texts: of the pipeline's inputs, by name.
        recipes: of the pipeline.
        folder: where the results lie, each under the name of its step.
    """

    def __init__(
        self, records: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str], recipes: Recipes, folder: Path
    ) -> None:
        self._records = records
        self._texts = texts
        self._recipes = recipes
        self._folder = folder

    @classmethod
    def of(cls, bucket: Bucket, bundle: Bundle, request: SubmitRequest, folder: Path) -> KeptResults:
        """Those of a pipeline with these inputs, fetched into an empty folder.

        Raises:
            MilongaError: E836, E910, the bucket cannot be read.
        """
        texts, recipes = _texts(bundle, request), _recipes(bundle)

        def fetched(leaf: Leaf) -> dict[str, Any] | None:
            code, *inputs = leaf.key
            if not all(name in texts for name in inputs):
                return None
            key = f"{STORE}/{CacheKey(code, tuple(inputs)).resolved(texts)}/{RESULT}.tgz"
            packed, place = folder / f"{leaf.slug}.tgz", folder / leaf.slug
            if not bucket.fetch(key, packed):
                return None
            try:
                unpacked(packed, place, key)
                record = read_record(place, recipes.recipe(leaf.slug))
            except (MilongaError, ValueError, KeyError):
                return None  # spoilt: the step runs
            return None if record is None or "run" not in record or record.get("artifacts") else record

        wanted = [leaf for leaf in bundle.layout.leaves.values() if leaf.key]
        with ThreadPoolExecutor(_FETCHED_AT_ONCE) as threads:
            found = zip(wanted, threads.map(fetched, wanted), strict=True)
            records = {leaf.slug: record for leaf, record in found if record is not None}
        return cls(records, texts, recipes, folder)

    def usable(self) -> dict[str, KnownResult]:
        """Those that were made of what the steps before them give in this run, by the name of their step.

        What a step before gives is known where its result is usable itself, and nowhere else: what its pod finds, or
        makes, may be another result than the one that lies there now.
        """
        found: dict[str, KnownResult] = {}
        waiting = {leaf: {slot[0] for slot in self._recipes.recipe(leaf).slots} for leaf in self._records}
        while ready := [leaf for leaf, makers in waiting.items() if makers <= found.keys()]:
            for leaf in ready:
                del waiting[leaf]
                record = self._records[leaf]
                if self._digest(leaf) == record.get("inputs"):
                    found[leaf] = KnownResult(record["parameters"], str(record["run"]))
        return found

    def _digest(self, leaf: str) -> str | None:
        """The digest of what a step is given in this run; None when that cannot be told from here."""
        recipe = self._recipes.recipe(leaf)
        sources = MountedSources(
            recipes=self._recipes,
            objects=_Fetched(self._folder),
            unpacked=self._folder / ".given" / leaf,
            given={name: given_value(self._texts[name], kind) for name, kind in recipe.given},
            statuses={},
            names={},
            certain=recipe.certain,
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


def _texts(bundle: Bundle, request: SubmitRequest) -> dict[str, str]:
    """The texts of the pipeline's inputs, as the run will have them, by name of the input."""
    declared = (bundle.template["spec"].get("arguments") or {}).get("parameters") or []
    given = [*(item for item in declared if "value" in item), *parameters_of(bundle, request)]
    texts = {str(item["name"]): str(item["value"]) for item in given}
    return {name: texts[argo] for name, argo in bundle.layout.inputs.items() if argo in texts}


def _recipes(bundle: Bundle) -> Recipes:
    code = bundle.annotations.get(CODE)
    document = next(item for item in bundle.config_maps if item["metadata"]["name"] == code)
    return Recipes(code_of(document))
