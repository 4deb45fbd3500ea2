"""What is known about the jobs of a run: the pipeline, its groups and its steps."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Executor, Graph
from milonga.lineage.openlineage.datasets import job_name
from milonga.lineage.openlineage.facets import facet
from milonga.lineage.records import RunRecord, TaskRecord
from milonga.runtime.program import from_container, is_milonga_command


class Jobs:
    """The jobs of one run.

    Args:
        graph: what was run; None when it is gone, and then jobs are not described.
        namespace: of all of them.
        author_folder: what the run's source is relative to.
    """

    def __init__(self, run: RunRecord, graph: Graph | None, namespace: str, author_folder: Path) -> None:
        self._run = run
        self._graph = graph
        self._namespace = namespace
        self._location = _location(run, author_folder)
        self._texts: dict[str, str] = {}

    def of_run(self) -> dict[str, Any]:
        """The pipeline."""
        text = (self._graph.specification.pipeline_info.description if self._graph is not None else None) or ""
        return self._job(job_name(self._run.pipeline), "PIPELINE", text)

    def of_task(self, task: TaskRecord) -> dict[str, Any]:
        """A step, or a group of them."""
        name = job_name(self._run.pipeline, task.path)
        if task.kind == "group":
            return self._job(name, "GROUP", "")
        if task.component not in self._texts:
            self._texts[task.component] = self._described(task.component)
        return self._job(name, "TASK", self._texts[task.component])

    def _job(self, name: str, kind: str, text: str) -> dict[str, Any]:
        facets: dict[str, Any] = {
            "jobType": facet("JobTypeJobFacet", processingType="BATCH", integration="MILONGA", jobType=kind)
        }
        if text:
            facets["documentation"] = facet("DocumentationJobFacet", description=text, contentType="text/plain")
        if self._location is not None:
            facets["sourceCodeLocation"] = self._location
        return {"namespace": self._namespace, "name": name, "facets": facets}

    def _described(self, name: str) -> str:
        component = self._graph.components.get(name) if self._graph is not None else None
        if component is None or self._graph is None:
            return ""
        executor = self._graph.executors.get(component.executor_label or "")
        return _docstring(executor) if executor is not None else ""


def _docstring(executor: Executor) -> str:
    """The docstring of the function that a step carries."""
    container = executor.container
    if container is None or not is_milonga_command(container.command):
        return ""
    try:
        program = from_container(container.command or (), container.args or ())
        functions = [node for node in ast.parse(program.source).body if isinstance(node, ast.FunctionDef)]
    except (ValueError, SyntaxError):
        return ""
    return next((ast.get_docstring(node) or "" for node in functions if node.name == program.function), "")


def _location(run: RunRecord, folder: Path) -> dict[str, Any] | None:
    """The author's file, where it is still there. It is the run's; which file each step is from is not recorded."""
    file, _, name = run.source.rpartition(":")
    file = file if file and "/" not in name else run.source
    path = folder / file
    if not file or not path.exists():
        return None
    return facet(
        "SourceCodeLocationJobFacet",
        type="file",
        url=path.absolute().as_uri(),
        path=run.source,
        version=run.graph_digest,
    )
