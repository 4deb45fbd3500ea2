"""What the compiler writes beside a pipeline, so that what runs on a cluster can be told in the pipeline's words."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from milonga.backends.argo.layout.leaf import Leaf
from milonga.runtime.argo.layout import RECIPES_FILE
from milonga.runtime.argo.packing import unpacked

Kind = Literal["task", "iteration", "inner", "together"]


@dataclass(frozen=True, slots=True)
class LaidTask:
    """A task of one DAG template.

    Attributes:
        name: in the pipeline; of a pod with several tasks, of their group.
        kind: what it is there.
        leaf: of such a pod, its name in the store.
    """

    name: str
    kind: Kind
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a compiled pipeline.

    Attributes:
        pipeline: its name.
        graph: its digest.
        inputs: name of the workflow's parameter by input of the pipeline.
        leaves: steps by slug.
        dags: tasks by name, by name of the template.
        parameters, artifacts: where the outputs of the pipeline come from, as `milonga.engine.recipes` reads it.
        steps: slugs by path, with "[]" for every index.
    """

    pipeline: str = ""
    graph: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    leaves: Mapping[str, Leaf] = field(default_factory=dict)
    dags: Mapping[str, Mapping[str, LaidTask]] = field(default_factory=dict)
    parameters: Mapping[str, list[Any]] = field(default_factory=dict)
    artifacts: Mapping[str, list[Any]] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_config_map(cls, config_map: Mapping[str, Any]) -> Layout:
        """The layout of the pipeline whose ConfigMap this is.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it has none.
        """
        return cls.from_json(code_of(config_map)["layout"])

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Layout:
        """The layout as the compiler has written it.

        Raises:
            KeyError, TypeError, AttributeError: it is none.
        """
        leaves = {slug: Leaf.from_json(slug, found) for slug, found in (document.get("leaves") or {}).items()}
        outputs = document.get("outputs") or {}
        return cls(
            pipeline=str(document.get("pipeline") or ""),
            graph=str(document.get("graph") or ""),
            inputs=dict(document.get("inputs") or {}),
            leaves=leaves,
            dags={
                template: {
                    task: LaidTask(str(found["name"]), found.get("kind") or "task", str(found.get("leaf") or ""))
                    for task, found in (dag.get("tasks") or {}).items()
                }
                for template, dag in (document.get("dags") or {}).items()
            },
            parameters=dict(outputs.get("parameters") or {}),
            artifacts=dict(outputs.get("artifacts") or {}),
            steps={leaf.path: slug for slug, leaf in leaves.items()},
        )

    def task(self, template: str, name: str) -> LaidTask:
        """The task of that name in a DAG; one that the layout does not know is taken by its own name."""
        return self.dags.get(template, {}).get(name) or LaidTask(name, "task")

    def leaf_at(self, path: str) -> Leaf | None:
        """The step at a path of a run, whose loops have indices; None for a group."""
        slug = self.steps.get(pattern_of(path))
        return self.leaves[slug] if slug is not None else None


def code_of(config_map: Mapping[str, Any]) -> dict[str, Any]:
    """All that the compiler says about a pipeline.

    Raises:
        ValueError, KeyError, TypeError: the ConfigMap does not hold it.
    """
    return unpacked(base64.b64decode(config_map["binaryData"][RECIPES_FILE], validate=True))


def indices_of(path: str) -> tuple[int, ...]:
    """The indices in a path, the outermost first: (2, 0) for `a[2]/b[0]/c`."""
    return tuple(int(index) for index in re.findall(r"\[(\d+)\](?=/|$)", path))


def pattern_of(path: str) -> str:
    """A path of a run as the compiler knows it: `a[]/b` for `a[2]/b`."""
    return re.sub(r"\[\d+\](?=/|$)", "[]", path)
