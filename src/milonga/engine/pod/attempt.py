"""One attempt of a task in a pod: inputs from the store, the command or function, outputs for the store."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from milonga.engine.executor_output import (
    WITHOUT_RESULT,
    completed,
    custom_path_of,
    own_path,
    read_result,
    reported_artifacts,
    reported_parameters,
)
from milonga.engine.placeholders import PlaceholderContext, resolve_arguments
from milonga.engine.pod.contents import content_digest, copy_content
from milonga.engine.pod.earlier_result import EarlierResult
from milonga.engine.pod.inputs_digest import inputs_digest
from milonga.engine.pod.mounted_sources import MountedSources
from milonga.engine.pod.probe import write_control
from milonga.engine.pod.recipe import Recipe, Recipes
from milonga.engine.pod.results import assigned_artifact
from milonga.engine.pod.scratch import new_folder
from milonga.engine.recipes.evaluator import Evaluator
from milonga.errors import TaskFailed
from milonga.runtime.argo.layout import (
    PARAMETERS,
    RECORD_FILE,
    REPORT_FILE,
    RESULT,
    WORKING,
    artifact_object,
)
from milonga.runtime.placement import local_path
from milonga.runtime.task import write_atomically


class Attempt:
    """One attempt of one task. Used once, by one thread.

    Args:
        recipe: what it is.
        recipes: of the pipeline.
        sources: what its inputs are read from.
        indices: of the iterations around it, the outermost first.
        outputs: folder for its outputs; nobody else writes there.
        uid: the id of the run.
        reports: folder among the outputs that the command leaves its report and parameters in.
        earlier: results of earlier times that will do, the best one first.
    """

    def __init__(
        self,
        *,
        recipe: Recipe,
        recipes: Recipes,
        sources: MountedSources,
        indices: Sequence[int],
        outputs: Path,
        uid: str,
        reports: str = WORKING,
        earlier: Sequence[EarlierResult] = (),
    ) -> None:
        self.recipe = recipe
        self.uid = uid
        self._recipes = recipes
        self._sources = sources
        self._outputs = outputs
        self._reports = outputs / reports
        self._earlier = earlier
        self._scratch = new_folder()
        self._evaluator = Evaluator(sources, indices)

    def earlier_result(self, inputs: str) -> Path | None:
        """The folder of an earlier result of these inputs, for a step without artifacts; None when there is none."""
        return next((earlier.folder for earlier in self._earlier if earlier.record(inputs) is not None), None)

    def inputs_digest(self, executor_input: Mapping[str, Any]) -> str:
        """What stands for everything that the task is given. To be asked for before the task can change any of it."""
        return inputs_digest(executor_input["inputs"], self._sources.content_of)

    def executor_input(self) -> dict[str, Any]:
        """KFP's ExecutorInput: what the task gets, and where it is to put what it makes.

        Raises:
            RunError: E430-E436, an input cannot be had.
        """
        recipe, reports = self.recipe, self._reports
        return {
            "inputs": self._evaluator.inputs(recipe.parameters, recipe.artifacts),
            "outputs": {
                "parameters": {
                    name: {"outputFile": str(reports / PARAMETERS / declared["slug"])}
                    for name, declared in recipe.output_parameters.items()
                },
                "artifacts": {
                    name: {"artifacts": [assigned_artifact(name, declared, str(self.content(name)))]}
                    for name, declared in recipe.output_artifacts.items()
                },
                "outputFile": str(reports / REPORT_FILE),
            },
        }

    def content(self, name: str) -> Path:
        """Where the content of an output artifact belongs."""
        return self._outputs / artifact_object(self.recipe.output_artifacts[name]["slug"])

    def command(self, executor_input: Mapping[str, Any]) -> list[str]:
        """The executor's command, its placeholders resolved.

        Raises:
            RunError: E433, a placeholder names nothing.
        """
        command, args = self._recipes.command(self.recipe.executor)
        return resolve_arguments([*command, *args], PlaceholderContext(self._sources.names, {}, executor_input))

    def run(self) -> Mapping[str, Any]:
        """Run the task, and leave its outputs complete or not at all.

        Returns:
            What is noted of it; "run" is the id of the run that has made its outputs, "inputs" stands for what it got.

        Raises:
            MilongaError: an input or output is not what it should be.
            Exception: whatever the author's code raises.
        """
        request = self.executor_input()
        inputs = self.inputs_digest(request)
        for earlier in self._earlier:
            known = self._handed_on(earlier, inputs)
            if known is not None:
                return known
        (self._reports / PARAMETERS).mkdir(parents=True, exist_ok=True)
        with self._all_or_nothing():
            report = self._called(request)
            record = {**self._record(request, report), "inputs": inputs}
            shutil.rmtree(self._reports / PARAMETERS)
            (self._reports / REPORT_FILE).unlink(missing_ok=True)
            self._write_control(record)
            write_atomically(self._reports / RECORD_FILE, json.dumps(record))
            self._reports.rename(self._outputs / RESULT)
        return record

    def _handed_on(self, earlier: EarlierResult, inputs: str) -> Mapping[str, Any] | None:
        """Make a result of an earlier time the one of this run, if it is whole; None when it is not."""
        known = earlier.record(inputs)
        contents = earlier.contents(known) if known is not None else None
        if known is None or contents is None:
            return None
        if known["run"] != self.uid:
            print(f"the result of run {known['run']} is used", file=sys.stderr)  # noqa: T201
        self._outputs.mkdir(parents=True, exist_ok=True)
        with self._all_or_nothing():
            for name, path in contents.items():
                copy_content(path, self._outputs / name)
            self._write_control(known)
            shutil.copytree(earlier.folder, self._reports)
            self._reports.rename(self._outputs / RESULT)
        return known

    def _called(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The task's report."""
        from milonga.runtime.received_program import ReceivedProgram

        command, args = self._recipes.command(self.recipe.executor)
        if _is_ours(command) and not args[0].startswith("{{$"):
            program, _ = ReceivedProgram.from_args(args[1:])
            try:
                return _call(program, request, self._scratch / "modules")
            except SystemExit as ending:
                if self.recipe.has_outputs or ending.code not in (None, 0):
                    raise
                return {}  # as on any machine: nothing was promised, and nothing is missing
        import subprocess  # functions of ours need neither

        from milonga.engine.pod.start_script import without_met_packages

        done = subprocess.run(without_met_packages(self.command(request)), check=False)
        if done.returncode:
            raise TaskFailed("E416", f"the command of the task ended with exit code {done.returncode}")
        report = self._reports / REPORT_FILE
        if self.recipe.has_outputs and not report.is_file():
            raise TaskFailed("E416", WITHOUT_RESULT)  # kfp's own program always writes one, unless it is ended before
        return read_result(report)

    def _record(self, request: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
        recipe = self.recipe
        parameters = reported_parameters(
            {name: declared["type"] for name, declared in recipe.output_parameters.items()},
            report,
            {name: item["outputFile"] for name, item in request["outputs"]["parameters"].items()},
        )
        artifacts = {}
        for name, declared in recipe.output_artifacts.items():
            assigned = request["outputs"]["artifacts"][name]["artifacts"][0]
            entries = [completed(assigned, entry) for entry in reported_artifacts(report, name) or [assigned]]
            artifacts[name] = {"list": declared["list"], "entries": self._stored(name, entries, declared["list"])}
        contents = [path for path in map(self.content, recipe.output_artifacts) if path.exists() or path.is_symlink()]
        digests = {path.name: content_digest(path) for path in contents}
        return {"parameters": parameters, "artifacts": artifacts, "run": self.uid, "contents": digests}

    def _stored(self, name: str, entries: list[dict[str, Any]], is_list: bool) -> list[dict[str, Any]]:
        """The artifacts of an output, their content moved or copied to where Argo takes it from."""
        target = self.content(name)
        aside = self._scratch / f"content-{target.name}"
        stored = []
        for at, entry in enumerate(entries):
            place = aside / str(at)
            has_content = self._take(name, entry, place)
            title = (entry.get("type") or {}).get("schemaTitle") or "system.Artifact"
            made = {
                "name": entry["name"],
                "uri": entry.get("uri", ""),
                "type": title,
                "metadata": entry.get("metadata"),
            }
            stored.append({**made, "metadata": made["metadata"] or {}, "content": has_content})
        _remove(target)
        if is_list and aside.exists():
            shutil.move(str(aside), str(target))
        elif (aside / "0").exists() or (aside / "0").is_symlink():
            shutil.move(str(aside / "0"), str(target))
        return stored

    def _take(self, name: str, entry: Mapping[str, Any], place: Path) -> bool:
        custom = custom_path_of(entry)
        path = Path(custom) if custom and Path(custom).exists() else local_path(entry)
        try:
            if not path.exists() and not path.is_symlink():
                return False
            own = own_path(path, self._outputs)
            place.parent.mkdir(parents=True, exist_ok=True)
            if own is not None and not custom:
                shutil.move(str(own), str(place))
            else:
                copy_content(path, place)
        except (OSError, ValueError, RuntimeError) as error:
            message = f"the content of artifact '{name}' cannot be stored"
            raise TaskFailed("E416", message, where=str(path), got=str(error)) from error
        return True

    def _write_control(self, record: Mapping[str, Any]) -> None:
        values = {}
        for file, wanted in self.recipe.control.items():
            value = record["parameters"].get(wanted["output"])
            if wanted.get("count"):
                value = len(value) if isinstance(value, list) else 0
            values[file] = value
        write_control(self._outputs, values)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Nothing of a failed attempt reaches the store: Argo stores outputs of failed containers as well."""
        try:
            yield
        except BaseException:
            for path in self._outputs.iterdir():
                _remove(path)
            raise

    def close(self) -> None:
        """Remove what was made on the way."""
        shutil.rmtree(self._scratch, ignore_errors=True)


def _is_ours(command: list[str]) -> bool:
    return len(command) >= 3 and command[2].startswith("# milonga task;")


def _call(program: Any, request: Mapping[str, Any], modules: Path) -> Mapping[str, Any]:
    from milonga.runtime.loading import install_packages, load_function, place_modules
    from milonga.runtime.task import run_task

    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    install_packages(program.packages)
    place_modules(program, modules)
    return run_task(load_function(program), request, write_output=False)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
