"""An Argo on paper: plays emitted manifests step by step, with a folder for a bucket and a process for each pod.

Pods run the program that the ConfigMaps carry, with a Python that has nothing but its standard library. What passes
through Argo's templates must hold nothing that Argo or Kubernetes would replace a second time.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from paper_expressions import evaluated, json_of

from milonga.runtime.argo.layout import RECIPES_FILE, run_prefix
from milonga.runtime.argo.packing import unpacked
from milonga.runtime.argo.text import escaped_json

PYTHON = (sys.executable, "-I", "-S")
"""No site-packages: whatever the pod needs must be in its archive."""

_TAG = re.compile(r"\{\{(=?)(.*?)\}\}", re.DOTALL)
_FAILED = ("Failed", "Error")


@dataclass(slots=True)
class Node:
    """How a task has ended, and what it has handed to Argo."""

    phase: str
    outputs: dict[str, str] = field(default_factory=dict)
    code: int = 0


@dataclass(slots=True)
class Run:
    """A run that is over.

    Attributes:
        phase: Argo's.
        pods: leaves and iterations of all pods in order, such as "train/0".
        log: what the pods have written.
    """

    phase: str
    pods: list[str]
    log: str


class PaperArgo:
    """A cluster with one bucket."""

    def __init__(self, folder: Path, manifests: str, *, shell: tuple[str, ...] = ("sh",)) -> None:
        *maps, self.document = yaml.load_all(manifests, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.folder, self.bucket, self.shell = folder, folder / "bucket", shell
        self.spec = self.document["spec"]
        self.templates = {template["name"]: template for template in self.spec["templates"]}
        self.layout = unpacked(base64.b64decode(maps[-1]["binaryData"][RECIPES_FILE]))["layout"]
        self.code = folder / "code" / str(len(list(folder.glob("code/*"))))
        self.code.mkdir(parents=True)
        for item in maps:
            for name, content in item["binaryData"].items():
                (self.code / name).write_bytes(base64.b64decode(content))
        self._scope: dict[str, Any] = {}
        self._run, self._runs, self._count = Run("", [], ""), 0, 0

    @property
    def uid(self) -> str:
        return f"uid-{self._runs}"

    def run(self, arguments: Mapping[str, Any] | None = None, *, raw: Mapping[str, str] | None = None) -> Run:
        """Play a run; `arguments` are values, `raw` are texts as a person may give them."""
        self._runs += 1
        declared = self.spec.get("arguments", {}).get("parameters", [])
        given = {self.layout["inputs"][name]: escaped_json(value) for name, value in (arguments or {}).items()}
        given.update(raw or {})
        parameters = {item["name"]: given.get(item["name"], item.get("value")) for item in declared}
        assert None not in parameters.values(), "Argo refuses a run without a value for an argument"
        created = {"RFC3339": "2026-01-02T03:04:05Z"}
        self._scope = {
            "workflow": {"name": "wf-1", "uid": self.uid, "creationTimestamp": created, "parameters": parameters}
        }
        self._run = Run("", [], "")
        self._run.phase = self._play(self.spec["entrypoint"], {}).phase
        return self._run

    # Templates ---------------------------------------------------------------------------------------------------

    def _play(self, name: str, arguments: Mapping[str, str]) -> Node:
        template = self.templates[name]
        declared = template.get("inputs", {}).get("parameters", [])
        inputs = {item["name"]: arguments.get(item["name"], item.get("value")) for item in declared}
        assert len(inputs) == len(declared), f"inputs of one name in {name}"
        assert None not in inputs.values(), f"{name} lacks {[key for key, value in inputs.items() if value is None]}"
        assert set(arguments) <= set(inputs), f"{name} does not take {set(arguments) - set(inputs)}"
        scope = {**self._scope, "inputs": {"parameters": inputs}}
        tries = int(template.get("retryStrategy", {}).get("limit", 0)) + 1
        node = Node("Error")
        for _ in range(tries):
            node = self._dag(template, scope) if "dag" in template else self._pod(template, scope)
            if node.phase == "Succeeded" or not _repeats(template["retryStrategy"] if tries > 1 else {}, node):
                break
        return node

    def _dag(self, template: Mapping[str, Any], outside: Mapping[str, Any]) -> Node:
        dag = template["dag"]
        nodes: dict[str, Node] = {}
        seen: dict[str, dict[str, Any]] = {}
        scope = {**outside, "tasks": seen}
        waiting = {task["name"]: task for task in dag["tasks"]}
        assert len(waiting) == len(dag["tasks"]), f"tasks of one name in {template['name']}"
        before = {name: _named(task.get("depends", "")) for name, task in waiting.items()}
        while waiting:
            name = next(name for name in waiting if set(before[name]) <= set(nodes))
            task = waiting.pop(name)
            if dag.get("failFast", True) and any(node.phase in _FAILED for node in nodes.values()):
                return Node("Failed")
            nodes[name] = self._task(task, nodes, scope)
            seen[name] = {"status": nodes[name].phase, "outputs": {"parameters": nodes[name].outputs}}
        targets = dag.get("target", "").split() or [
            name for name in nodes if all(name not in of for of in before.values())
        ]
        phase = "Failed" if any(_ending(name, nodes, before) in _FAILED for name in targets) else "Succeeded"
        outputs: dict[str, str] = {}
        for item in template.get("outputs", {}).get("parameters", []) if phase == "Succeeded" else []:
            outputs[item["name"]] = _text(evaluated(item["valueFrom"]["expression"], scope))
        return Node(phase, outputs)

    def _task(self, task: Mapping[str, Any], nodes: Mapping[str, Node], scope: Mapping[str, Any]) -> Node:
        depends = re.sub(
            r"([-\w]+)\.(\w+)",
            lambda match: str(nodes[match[1]].phase == match[2].replace("Errored", "Error")).lower(),
            task.get("depends", ""),
        )
        if depends and not evaluated(depends, {}):
            return Node("Omitted")
        if "when" in task and filled(task["when"], scope) != "true":
            return Node("Skipped")
        if "withSequence" not in task:
            return self._play(task["template"], _arguments(task, scope))
        count = int(filled(task["withSequence"]["count"], scope))
        ended = [self._play(task["template"], _arguments(task, {**scope, "item": str(at)})) for at in range(count)]
        if not ended:
            return Node("Skipped")
        return Node("Failed" if any(node.phase in _FAILED for node in ended) else "Succeeded")

    # Pods --------------------------------------------------------------------------------------------------------

    def _pod(self, template: Mapping[str, Any], scope: Mapping[str, Any]) -> Node:
        given = scope["inputs"]["parameters"]
        self._run.pods.append(given["t"] + given["i"])
        self._count += 1
        place = self.folder / "pods" / str(self._count)
        (place / "in").mkdir(parents=True)
        (place / "out").mkdir()
        for item in template.get("inputs", {}).get("artifacts", []):
            self._mount(filled(item["s3"]["key"], scope), place / "in" / Path(item["path"]).name)
        container, code = template["container"], 0
        for work in [*template.get("initContainers", []), container]:
            code = self._process(work, scope, place, container)
            if code:
                break
        outputs = template.get("outputs", {})
        for item in outputs.get("artifacts", []):
            if not item.get("optional") and not (place / "out" / Path(item["path"]).name).exists():
                return Node("Failed" if code else "Error", {}, code or 64)
            is_packed = "none" not in item["archive"]
            store = self._store if is_packed else self._store_tree
            store(place / "out" / Path(item["path"]).name, filled(item["s3"]["key"], scope))
        made = {}
        for item in outputs.get("parameters", []) if not code else []:
            path = place / "out" / Path(item["valueFrom"]["path"]).relative_to("/milonga/out")
            made[item["name"]] = (
                path.read_text("utf-8").removesuffix("\n") if path.is_file() else item["valueFrom"]["default"]
            )
        return Node("Failed" if code else "Succeeded", made, code)

    def _process(
        self, work: Mapping[str, Any], scope: Mapping[str, Any], place: Path, container: Mapping[str, Any]
    ) -> int:
        words = [filled(word, scope) for word in [*work["command"], *work.get("args", [])]]
        assert not any("$(" in word for word in words), "Kubernetes would expand it"
        words = [
            re.sub("^/milonga/(code|out)", lambda m: str(self.code if m[1] == "code" else place / "out"), word)
            for word in words
        ]
        words = [*PYTHON, *words[1:]] if words[0] == "python3" else [*self.shell, *words[1:]]
        variables = {item["name"]: filled(item.get("value", ""), scope) for item in work.get("env", [])}
        done = subprocess.run(
            words,
            env={
                "PATH": os.environ["PATH"],
                "MILONGA_CODE": str(self.code),
                "MILONGA_INPUTS": str(place / "in"),
                "MILONGA_OUTPUTS": str(place / "out"),
                "ARGO_PROGRESS_FILE": str(place / "progress"),
                **variables,
            },
            cwd=place,
            capture_output=True,
            timeout=60,
            check=False,
        )
        self._run.log += (done.stdout + done.stderr).decode("utf-8", "replace")
        return done.returncode

    # The store ---------------------------------------------------------------------------------------------------

    def _mount(self, key: str, target: Path) -> None:
        """As Argo does: one object unpacked, or all objects below a name as they are; else an empty folder."""
        place = self.bucket / key
        if place.is_file():
            with tarfile.open(place) as archive:
                aside = target.with_name(f"{target.name}.tmp")
                archive.extractall(aside)
            (inside,) = aside.iterdir()
            inside.rename(target)
            aside.rmdir()
        elif place.is_dir():
            shutil.copytree(place, target)
        else:
            target.mkdir()

    def _store(self, path: Path, key: str) -> None:
        if not path.exists():
            return
        place = self.bucket / key
        assert place.resolve().is_relative_to(self.bucket.resolve())
        place.parent.mkdir(parents=True, exist_ok=True)
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=0) as archive:
            archive.add(path, arcname=path.name)
        place.write_bytes(stream.getvalue())

    def _store_tree(self, path: Path, key: str) -> None:
        """As Argo does without an archive: each file below a folder under its own key."""
        for file in sorted(path.rglob("*")) if path.is_dir() else []:
            if file.is_file():
                place = self.bucket / key / file.relative_to(path)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)

    def results(self) -> dict[str, Any]:
        """The pipeline's output parameters, and the texts of its output artifacts that are files."""
        from paper_sources import PaperSources

        from milonga.engine.recipes.absent import ABSENT
        from milonga.engine.recipes.evaluator import Evaluator

        given = {
            name: _json(self._scope["workflow"]["parameters"][argo]) for name, argo in self.layout["inputs"].items()
        }
        sources = PaperSources(self.bucket / run_prefix(self.uid), self.code, self.layout, given)
        evaluator = Evaluator(sources)
        made = {
            **{name: evaluator.parameter(wanted) for name, wanted in self.layout["outputs"]["parameters"].items()},
            **{name: evaluator.artifact(wanted) for name, wanted in self.layout["outputs"]["artifacts"].items()},
        }
        return {name: value for name, value in made.items() if value is not ABSENT}


def _repeats(strategy: Mapping[str, Any], node: Node) -> bool:
    """The one expression that milonga writes."""
    expression = strategy.get("expression", "")
    assert expression in ("", "asInt(lastRetry.exitCode) != 1")
    return not expression or node.code != 1


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def filled(text: str, scope: Mapping[str, Any]) -> str:
    """A text with Argo's tags replaced. A value that would be replaced again is an error of this test."""

    def value(match: re.Match[str]) -> str:
        expression = match[2]
        if match[1]:
            found = _text(evaluated(expression, scope))
        else:
            known: Any = scope
            for part in expression.split("."):
                known = known[part]
            found = known
        assert isinstance(found, str)
        assert "{{" not in found, f"Argo would replace it again: {found[:200]}"
        assert not any(map(_go_writes_otherwise, found)), f"Argo would break the template: {found[:200]!a}"
        return found

    return _TAG.sub(value, text)


def _go_writes_otherwise(letter: str) -> bool:
    """Whether Go writes it into a string in a form that JSON does not have: \\x7f, \\U000e0001."""
    return letter == "\x7f" or (letter > "\uffff" and not letter.isprintable())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_of(value)


def _arguments(task: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, str]:
    declared = task.get("arguments", {}).get("parameters", [])
    found = {item["name"]: filled(item["value"], scope) for item in declared}
    assert len(found) == len(declared), f"arguments of one name for {task['name']}"
    return found


def _named(depends: str) -> list[str]:
    return re.findall(r"([-\w]+)\.\w+", depends)


def _ending(name: str, nodes: Mapping[str, Node], before: Mapping[str, Iterable[str]]) -> str:
    """The state of a task, or what kept it from running."""
    phase = nodes[name].phase
    if phase not in ("Skipped", "Omitted"):
        return phase
    return next((found for one in before[name] if (found := _ending(one, nodes, before)) in _FAILED), phase)
