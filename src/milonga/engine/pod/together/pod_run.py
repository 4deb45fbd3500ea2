"""What all tasks of one pod share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.engine.pod.attempt import Attempt
from milonga.engine.pod.earlier_result import EarlierResult
from milonga.engine.pod.mounted_sources import MountedSources
from milonga.engine.pod.objects import SlotObjects
from milonga.engine.pod.pod_folders import PodFolders
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.request import PodRequest, given_value
from milonga.engine.pod.run_names import run_names
from milonga.engine.pod.together.journal import Journal
from milonga.engine.pod.together.member_objects import MemberObjects, member_folder
from milonga.engine.pod.together.plan import Plan, PlannedTask
from milonga.engine.pod.together.processes import Processes
from milonga.engine.pod.together.progress import Progress
from milonga.engine.pod.together.store_tree import StoreTree
from milonga.engine.recipes.evaluator import Evaluator
from milonga.runtime.argo.layout import KEPT, OWN, RESULT

Statuses = Mapping[str, Mapping[str, Any]]
"""KFP's PipelineTaskFinalStatus by key of the task."""


@dataclass(frozen=True, slots=True)
class PodRun:
    """The work of one pod. Owned by one thread; forks of it make attempts.

    Attributes:
        plan: what is to be done.
        recipes: of the pipeline.
        request: what Argo says.
        folders: of the pod.
        journal: what is noted.
        progress: what Argo is told meanwhile.
        tree: what is stored.
        processes: the attempts at work.
        inside: steps whose results are made here.
    """

    plan: Plan
    recipes: Recipes
    request: PodRequest
    folders: PodFolders
    journal: Journal
    progress: Progress
    tree: StoreTree
    processes: Processes
    inside: frozenset[str]

    @property
    def made(self) -> Path:
        """Where results of steps lie."""
        return self.folders.scratch / "made"

    def evaluator(self, task: PlannedTask, indices: Sequence[int], statuses: Statuses) -> Evaluator:
        """Evaluates what decides about a task."""
        names = run_names(self.plan.pipeline, task.name, task.path, request=self.request, indices=indices)
        return Evaluator(self._sources(self.folders.scratch, None, names, statuses, self.plan.certain), indices)

    def attempt(self, leaf: str, indices: Sequence[int], statuses: Statuses, own: Path) -> Attempt:
        """An attempt of a step, for the process that makes it.

        Args:
            leaf: the step.
            indices: of the iterations around it.
            statuses: of tasks before it.
            own: an empty folder, which no other attempt sees: its inputs lie there.
        """
        recipe = self.recipes.recipe(leaf)
        names = run_names(recipe.pipeline, recipe.name, recipe.path, request=self.request, indices=indices)
        return Attempt(
            recipe=recipe,
            recipes=self.recipes,
            sources=self._sources(own, own, names, statuses, recipe.certain),
            indices=indices,
            outputs=member_folder(self.made, leaf, indices),
            uid=self.request.uid,
            earlier=self._earlier(leaf, indices, own),
        )

    def _earlier(self, leaf: str, indices: Sequence[int], own: Path) -> tuple[EarlierResult, ...]:
        """What the step has made before in this run, if this pod is started again; then what other runs have kept."""
        if (leaf, RESULT) not in self.plan.kept or leaf in self.plan.anew:
            return ()
        found = [OWN]
        if self.request.reuses and leaf in self.plan.keyed:
            found.append(KEPT)
        recipe = self.recipes.recipe(leaf)
        objects = [self._slots(start, own) for start in found]
        return tuple(
            EarlierResult(recipe, lambda what, known=known: known.place(leaf, what, indices))  # type: ignore[misc]
            for known in objects
        )

    def _slots(self, start: str, own: Path) -> SlotObjects:
        kept = {key: (f"{start}{at}", self.plan.depth) for at, key in enumerate(self.plan.kept)}
        return SlotObjects(kept, self.folders.inputs, own / start)

    def _sources(
        self, own: Path, copies: Path | None, names: Mapping[str, str], statuses: Statuses, certain: frozenset[str]
    ) -> MountedSources:
        slots = {(leaf, what): (str(at), fixed) for at, (leaf, what, fixed, _) in enumerate(self.plan.slots)}
        outside = SlotObjects(slots, self.folders.inputs, own / "in")
        texts = zip(self.plan.given, self.request.given, strict=True)
        return MountedSources(
            recipes=self.recipes,
            objects=MemberObjects(self.inside, self.made, outside, copies),
            unpacked=own,
            given={name: given_value(text, kind) for (name, kind), text in texts},
            statuses=statuses,
            names=names,
            certain=certain,
        )
