"""Importers with a condition: the condition moves to a DAG around the importer.

KFP's compiler refuses a condition on an importer ("triggerPolicy.condition on importer task is not supported";
kubeflow/pipelines `backend/src/v2/compiler/argocompiler/dag.go` at 7b70c7b95f); a condition on a DAG works.
"""

from __future__ import annotations

from milonga.compiler.graph import Graph
from milonga.compiler.passes.graph_editor import GraphEditor
from milonga.compiler.passes.wrapping import wrap


class ConditionalImporters:
    """Wraps each importer that has a condition."""

    name = "conditional-importers"
    cures = ("condition-on-importer",)

    def run(self, graph: Graph) -> Graph:
        """The graph without conditions on importers."""
        editor = GraphEditor(graph)
        for scope, component in graph.dags():
            for name, task in ((component.dag.tasks if component.dag else None) or {}).items():
                used = graph.components.get(task.component_ref.name if task.component_ref else "")
                executor = graph.executors.get((used.executor_label if used else None) or "")
                is_importer = executor is not None and executor.importer is not None
                if is_importer and task.condition:
                    wrap(editor, scope, name)
        return editor.finish()
