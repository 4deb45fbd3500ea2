"""kfp's local runner under test: `--backend kfp.local`.

Each run is a process of its own, for kfp.local keeps its settings in globals and its tasks can outlive a failure. What
is measured is the runner, not the package index: components of kfp begin with a `pip install`, which is left out, and
run in this Python, where `packages` of the corpus are. kfp.local hands back the outputs of the pipeline only; of tasks
it leaves a file with the outputs in a folder named after the component, without conditions and nested pipelines in the
path. Where that name is one task's alone its outputs are compared; states, attempts and times are not shown.
"""

from __future__ import annotations

import glob
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.compiler.constructs.python_steps import kfp_source_position
from milonga.compiler.documents import dump_yaml, load_graph
from milonga.compiler.graph import Component, Container, Graph
from milonga.errors import MissingExtra, UsageError
from milonga.runtime.placement import local_path
from milonga.testing.conformance import kfp_local_program
from milonga.testing.conformance.backend import RunRequest
from milonga.testing.conformance.logged_cause import logged_cause
from milonga.testing.conformance.observed import ObservedArtifact, ObservedRun, ObservedTask, ObservedValue
from milonga.testing.conformance.printed_order import write_in_key_order

TIMEOUT_S = 300.0
"""A run that has not ended by then does not end: the longest of KFP's own examples that run here takes seconds."""

_LAUNCH_PARTS = 3
"""`sh -ec SCRIPT`, before the source: all of a lightweight component's command that is not about packages."""


class KfpLocalBackend:
    """Reads files with kfp's own loader and runs them with `kfp.local.SubprocessRunner(use_venv=False)`.

    Args:
        timeout_s: limit of one run; what is still running then is killed, and its state is TIMED_OUT.

    Raises:
        MissingExtra: kfp is not installed.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        if importlib.util.find_spec("kfp") is None:
            raise MissingExtra.of("kfp", "kfp", "the back end kfp.local")
        self._timeout_s = timeout_s

    @property
    def provides(self) -> frozenset[str]:
        """Nothing: it ignores Kubernetes settings."""
        return frozenset()

    def read(self, file: Path) -> None:
        """Load the file as kfp does.

        Raises:
            UsageError: E956, kfp refuses it.
        """
        from kfp import components

        try:
            components.load_component_from_text(file.read_text("utf-8"))
        except Exception as error:  # noqa: BLE001 - kfp raises whatever its parsers do
            text = (str(error).strip().splitlines() or [""])[0]
            raise UsageError(
                "E956", "kfp cannot load the file", where=str(file), got=f"{type(error).__name__}: {text}"[:300]
            ) from None

    def run(self, request: RunRequest) -> ObservedRun:
        """Run a file. The state is FAILED when kfp.local says so, and REFUSED when it ends with any other error.

        Raises:
            MilongaError: the file cannot be read.
        """
        request.home.mkdir(parents=True, exist_ok=True)
        raw, log, result = (request.home / name for name in ("run.log", "lines.log", "result.json"))
        root = request.home / "outputs"
        graph = load_graph(request.file)
        order = {
            "pipeline": "---\n".join(dump_yaml(document) for document in _without_installation(graph)),
            "arguments": dict(request.arguments),
            "artifacts": {
                name: {"path": str(item.path), "type": item.type, "metadata": dict(item.metadata)}
                for name, item in request.artifact_arguments.items()
            },
            "root": str(root),
            "workspace": str(request.home / "shared"),
            "result": str(result),
            "use_cache": request.use_cache,
        }
        (request.home / "order.json").write_text(json.dumps(order), encoding="utf-8")
        ended = _ended(request.home, raw, self._timeout_s)
        write_in_key_order(raw, log)
        if not ended:
            return ObservedRun("TIMED_OUT", error=f"no end after {self._timeout_s:g} s", shows_tasks=False, log=log)
        if not result.is_file():
            return ObservedRun("REFUSED", error=_last_line(log), shows_tasks=False, log=log)
        found = json.loads(result.read_text("utf-8"))
        outputs = {name: _value(item) for name, item in found["artifacts"].items()}
        tasks = dict(_tasks(graph, root))
        error = (logged_cause(log) if found["state"] == "FAILED" else "") or found["error"]
        return ObservedRun(found["state"], found["parameters"], outputs, tasks, error, False, log)


def _without_installation(graph: Graph) -> list[dict[str, Any]]:
    """The documents of a pipeline whose components of kfp start at once."""
    documents: list[dict[str, Any]] = json.loads(json.dumps(graph.to_documents()))
    executors = documents[0].get("deploymentSpec", {}).get("executors", {})
    for label, executor in graph.executors.items():
        command = _start_of(executor.container)
        if command is not None:
            executors[label]["container"]["command"] = command
    return documents


def _start_of(container: Container | None) -> list[str] | None:
    position = kfp_source_position(container) if container is not None else None
    if container is None or position is None or position < _LAUNCH_PARTS:
        return None
    return list(container.command or ())[position - _LAUNCH_PARTS :]


def _ended(home: Path, log: Path, timeout_s: float) -> bool:
    """Whether the run's process ended by itself; its children are ended in any case."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", kfp_local_program.__name__, str(home / "order.json")],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=home,
            start_new_session=True,
        )
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        finally:
            _kill_group(process.pid)
            process.wait()
    return True


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it ended without a word"


def _value(value: Any) -> ObservedValue:
    if isinstance(value, list):
        return tuple(_value(item) for item in value)
    path = local_path({"uri": value["uri"]})
    return ObservedArtifact(value["type"], value["uri"], value["metadata"], path if path.exists() else None)


# What tasks leave behind ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step leaves its outputs: a pattern below the run's folder, and its path with `[*]` for each index."""

    pattern: str
    path: str
    component: Component


def _tasks(graph: Graph, root: Path) -> Iterator[tuple[str, ObservedTask]]:
    """Tasks whose outputs lie in a folder that can be theirs only, by path."""
    places = list(_places(graph, graph.root, "", ""))
    users = Counter(place.pattern for place in places)
    for run in sorted(root.iterdir()) if root.is_dir() else ():
        for place in places:
            for written in sorted(run.glob(place.pattern)) if users[place.pattern] == 1 else ():
                found = _left_behind(written, place.component)
                if found is not None:
                    yield _with_iterations(place.path, written.relative_to(run)), found


def _places(graph: Graph, component: Component, folder: str, path: str) -> Iterator[_Place]:
    for name, task in ((component.dag.tasks if component.dag else None) or {}).items():
        inner = graph.component_of(task)
        is_loop = task.parameter_iterator is not None or task.artifact_iterator is not None
        if inner.dag is not None:
            below = f"{folder}{glob.escape(name)}-iteration-*/" if is_loop else folder
            yield from _places(graph, inner, below, f"{path}{name}[*]/" if is_loop else f"{path}{name}/")
        elif task.component_ref is not None and not is_loop:
            label = glob.escape(task.component_ref.name.removeprefix("comp-"))
            yield _Place(f"{folder}{label}/executor_output.json", f"{path}{name}", inner)


def _with_iterations(path: str, written: Path) -> str:
    for part in written.parts:
        if "-iteration-" in part:
            path = path.replace("[*]", f"[{part.rpartition('-')[2]}]", 1)
    return path


def _left_behind(file: Path, component: Component) -> ObservedTask | None:
    """The outputs in a file that kfp's executor has written; None when it is damaged."""
    try:
        output: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    artifacts: dict[str, ObservedValue] = {}
    for name, declared in component.output_artifacts.items():
        entries = ((output.get("artifacts") or {}).get(name) or {}).get("artifacts")
        if entries and not declared.is_artifact_list:
            title = (declared.artifact_type.schema_title if declared.artifact_type else None) or "system.Artifact"
            artifacts[name] = _value({"metadata": {}, **entries[0], "type": title})
    return ObservedTask("", output.get("parameterValues") or {}, artifacts)
