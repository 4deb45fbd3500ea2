"""A pod that has one step, or one question of Argo's."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.pod.attempt import Attempt
from milonga.engine.pod.earlier_result import EarlierResult
from milonga.engine.pod.mounted_sources import MountedSources
from milonga.engine.pod.objects import SlotObjects
from milonga.engine.pod.pod_folders import PodFolders
from milonga.engine.pod.probe import probed, write_control
from milonga.engine.pod.recipe import Recipe, Recipes
from milonga.engine.pod.request import PodRequest, final_status, given_value
from milonga.engine.pod.run_names import run_names
from milonga.engine.recipes.evaluator import Evaluator
from milonga.runtime.argo.layout import EARLIER, RESULT, SCRIPT_FILE, WORKING


@dataclass(frozen=True, slots=True)
class Single:
    """What a pod with one step does. Used once, by one thread.

    Attributes:
        request: what Argo says.
        recipes: of the pipeline.
        folders: of the pod.
    """

    request: PodRequest
    recipes: Recipes
    folders: PodFolders

    def run(self) -> None:
        """Run the task, and leave its outputs complete or not at all.

        Raises:
            MilongaError: an input or output is not what it should be.
            Exception: whatever the author's code raises.
        """
        attempt = self._attempt()
        try:
            attempt.run()
        finally:
            attempt.close()

    def probe(self) -> None:
        """Compute values that Argo needs and cannot compute itself, and leave nothing else.

        Raises:
            RunError: E430-E436.
        """
        recipe = self.recipes.recipe(self.request.leaf)
        evaluator = Evaluator(self._sources(recipe), self.request.indices)
        write_control(
            self.folders.outputs, {name: probed(evaluator, wanted) for name, wanted in recipe.control.items()}
        )

    def prepare(self) -> None:
        """Write the script that the container of the task starts with: it may have no Python.

        Raises:
            RunError: E430-E436, an input cannot be had.
        """
        attempt = self._attempt(reports=RESULT)
        try:
            self._prepare(attempt)
        finally:
            attempt.close()

    def _prepare(self, attempt: Attempt) -> None:
        outputs = self.folders.outputs
        executor_input = attempt.executor_input()
        inputs = attempt.inputs_digest(executor_input)
        earlier, script = attempt.earlier_result(inputs), outputs / SCRIPT_FILE
        if earlier is not None:
            shutil.copytree(earlier, outputs / RESULT)
            script.write_text("echo the result of an earlier run is used >&2\n", "utf-8")
            return
        from milonga.engine.pod.start_script import start_script

        artifacts = (entry["artifacts"][0] for entry in executor_input["outputs"]["artifacts"].values())
        variables = json.loads(os.environ.get("MILONGA_VARIABLES", "[]"))
        folders = [Path(artifact["uri"]).parent for artifact in artifacts]
        script.write_text(
            start_script(
                attempt.command(executor_input),
                variables,
                outputs,
                folders,
                done=f"{attempt.uid} {inputs}",
                parameters=attempt.recipe.output_parameters,
            ),
            "utf-8",
            "surrogatepass",
        )

    def _attempt(self, reports: str = WORKING) -> Attempt:
        request = self.request
        recipe = self.recipes.recipe(request.leaf)
        return Attempt(
            recipe=recipe,
            recipes=self.recipes,
            sources=self._sources(recipe),
            indices=request.indices,
            outputs=self.folders.outputs,
            uid=request.uid,
            reports=reports,
            earlier=(EarlierResult(recipe, self._earlier_place),) if request.reuses else (),
        )

    def _earlier_place(self, what: str) -> Path:
        return self.folders.inputs / f"{EARLIER}-{what}"

    def _sources(self, recipe: Recipe) -> MountedSources:
        request = self.request
        slots = {(leaf, what): (str(at), fixed) for at, (leaf, what, fixed, _) in enumerate(recipe.slots)}
        return MountedSources(
            recipes=self.recipes,
            objects=SlotObjects(slots, self.folders.inputs, self.folders.scratch / "in"),
            unpacked=self.folders.scratch / "given",
            given=_given(recipe, request),
            statuses={
                key: final_status(task, phase)
                for (key, task), phase in zip(recipe.statuses, request.phases, strict=True)
            },
            names=run_names(recipe.pipeline, recipe.name, recipe.path, request=request, indices=request.indices),
            certain=recipe.certain,
        )


def _given(recipe: Recipe, request: PodRequest) -> Mapping[str, object]:
    return {name: given_value(text, kind) for (name, kind), text in zip(recipe.given, request.given, strict=True)}
