"""Under which key the result of a step is kept for later runs.

Such a key is known before anything has run: it is made of the step's code and settings, of the keys of all steps that
it takes something from, and of the texts of the pipeline's inputs that any of these reads; the iterations of loops come
after it. So Argo can put an earlier result into the step's pod, and the pod only has to hand it on. What the steps
before have made stands in no key, but with the result: the pod uses one that was made of what it is given now, and no
other (`milonga.engine.pod.inputs_digest`). Unlike in the local engine, a change of a step's code is one of everything
after it.

Results of a run lie under keys of the run alone, and are copied to these. Two runs at once would otherwise write the
same objects, and a step of one could read what the other has made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from milonga.compiler.graph import Graph, wire
from milonga.compiler.graph.bound_settings import is_bound
from milonga.compiler.targets.argo.certainty import has_surely_succeeded, runs_anyway
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.recipe_texts import RecipeWriter, StepRecipe
from milonga.compiler.targets.argo.step_kinds import step_kind
from milonga.runtime.argo.layout import CACHE
from milonga.runtime.argo.text import literal, tag

_OF_THE_RUN = "{{$.pipeline_"
_CLAIM = '["claim", '
"""In a recipe: the name of a claim that the run makes."""

_NEVER_THE_SAME = ("pvcMount", "genericEphemeralVolume", "fieldPathAsEnv")
"""Kubernetes settings through which something may come in that no key knows."""

_DECIDING = ("parameters", "artifacts", "output_parameters", "output_artifacts")
"""Parts of a recipe that decide a result: not where the step stands, nor what Argo wants of it."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What decides the result of a step.

    Attributes:
        code: digest of what the pipeline file says.
        inputs: inputs of the pipeline that count as well, sorted.
    """

    code: str
    inputs: tuple[str, ...]

    def resolved(self, values: Mapping[str, str]) -> str:
        """The key below the store for a run whose inputs have these texts."""
        if not self.inputs:
            return f"{CACHE}/{self.code}"
        joined = "|".join([self.code, *(values[name] for name in self.inputs)])
        return f"{CACHE}/{hashlib.sha256(joined.encode()).hexdigest()}"

    def text(self, workflow_parameters: Mapping[str, str]) -> str:
        """The key below the store, for a template of Argo, which fills in what it must."""
        if not self.inputs:
            return f"{CACHE}/{self.code}"
        values = [f"workflow.parameters['{workflow_parameters[name]}']" for name in self.inputs]
        joined = " + '|' + ".join([literal(self.code), *values])
        return f"{CACHE}/{tag(f'sprig.sha256sum({joined})')}"


class CacheKeys:
    """Finds the keys of all steps that may be reused. Not thread-safe; one belongs to one emission."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._keys: dict[str, CacheKey] = {}
        self._steps: Mapping[str, Place] = {}

    def of(self, leaf: str) -> CacheKey | None:
        """The key of a step; None for one whose result is not kept."""
        return self._keys.get(leaf)

    def add_steps(self, places: Places, recipes: RecipeWriter) -> None:
        """Find the keys of all steps that run something."""
        steps = {
            place.slug: place
            for place in places
            if place.slug and step_kind(self._graph, place.component) in ("python", "container")
        }
        self._add_all(steps, {leaf: recipes.step(place, {}) for leaf, place in steps.items()})

    def _add_all(self, steps: Mapping[str, Place], recipes: Mapping[str, StepRecipe]) -> None:
        """Find the keys of `steps`, by the names of their results in the store."""
        self._steps = steps
        waiting: list[str] = list(recipes)[::-1]
        seen: set[str] = set()
        while waiting:
            leaf = waiting[-1]
            missing = [slot.leaf for slot in recipes[leaf].slots if slot.leaf in recipes and slot.leaf not in seen]
            if missing and leaf not in missing:
                waiting += missing
                continue
            waiting.pop()
            if leaf not in seen:
                seen.add(leaf)
                self._add(steps[leaf], recipes[leaf])

    def _add(self, place: Place, recipe: StepRecipe) -> None:
        label = place.component.executor_label or ""
        options = place.task.caching_options if place.task is not None else None
        settings = self._graph.platform_settings(label)
        needed = {slot.leaf: self._keys.get(slot.leaf) for slot in recipe.slots}
        body = {key: recipe.body[key] for key in _DECIDING}
        own_key = options.cache_key if options is not None else None
        text = json.dumps([body, wire.dump(self._graph.executors[label]), settings, own_key], sort_keys=True)
        if options is None or not options.enable_cache or recipe.statuses or _OF_THE_RUN in text:
            return
        if any(settings.get(name) for name in _NEVER_THE_SAME) or is_bound(settings):
            return
        if any(not has_surely_succeeded(self._steps[slot.leaf], place) for slot in recipe.slots) or runs_anyway(place):
            return  # what decides about it, a condition or a failure, stands in no key
        if self._graph.wants_workspace or _CLAIM in text:
            return  # what a step leaves in a volume is not kept
        if step_kind(self._graph, place.component) == "container" and place.component.output_artifacts:
            return  # nobody in its pod could say that record and content belong together
        inputs = set(recipe.given)
        for leaf, key in needed.items():
            if key is None:
                return
            text = text.replace(f'["output", {json.dumps(leaf)},', f'["output", "{key.code}",')
            inputs.update(key.inputs)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self._keys[place.slug] = CacheKey(digest[:32], tuple(sorted(inputs)))
