"""One step carries the code of all: the others take it as an artifact instead of in their arguments.

KFP's record of a run holds each step's container about one and a half times, and must stay under 1 MiB. A milonga step
carries its runtime and modules in its arguments, 15 to 40 kB; with one carrier it is about as large as a step of kfp's.
The price is one small step at the beginning, whose result is reused. Each step still names the digest of its own code,
so a back end reuses a result exactly when it would have done so before.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping

from milonga.compiler.constructs.size import OBJECT_BYTES_MAX, run_bytes, shareable
from milonga.compiler.graph import (
    ArtifactBinding,
    ArtifactType,
    Component,
    Container,
    Executor,
    Graph,
    InputArtifact,
    Inputs,
    OutputArtifact,
    Outputs,
    Task,
    TaskInputs,
)
from milonga.compiler.graph.task import CachingOptions, ComponentRef, TaskInfo, TaskOutputArtifact
from milonga.compiler.passes.graph_editor import GraphEditor
from milonga.runtime.program import CODE_INPUT, CODE_PATH, LOADER, TaskProgram, from_container, pack, unpack

ARGUMENT_CHARACTERS_MAX = 120_000
"""Linux takes at most 128 KiB in one command line argument (MAX_ARG_STRLEN)."""

_CHANNEL = f"pipelinechannel--{CODE_INPUT}"
_OUTPUT = "Output"
_KIND = ArtifactType(schema_title="system.Artifact", schema_version="0.0.1")
_PACKED = re.compile(r"^PACKED = '(.*)'$", re.MULTILINE)
_SOURCE = """from milonga.dsl import Artifact

PACKED = '{packed}'


def carry_code() -> Artifact:
    code = Artifact.create_file()
    code.write_text(PACKED)
    return code
"""


class SharedCode:
    """Moves the code of all steps into one, when the run would be too large otherwise."""

    name = "shared-code"
    cures = ("bulky-code",)

    def run(self, graph: Graph) -> Graph:
        """The graph with one carrier, or the same graph if it is small enough, or its code too large for one step."""
        labels = shareable(graph)
        if len(labels) < 2 or run_bytes(graph) <= OBJECT_BYTES_MAX:
            return graph
        files, programs = _joined(graph, labels)
        packed = pack(files)
        if len(packed) > ARGUMENT_CHARACTERS_MAX:
            return graph
        editor = GraphEditor(graph)
        carrier = _add_carrier(editor, graph, packed, labels)
        for label, program in programs.items():
            editor.set_executor(label, _without_code(graph.executors[label], program, carrier))
        _Threading(editor, frozenset(programs)).run()
        return editor.finish()


def carried_modules(executor: Executor) -> dict[str, str]:
    """The modules that a carrier holds, without the runtime, which every engine has.

    Raises:
        ValueError: the executor carries nothing.
    """
    container = executor.container or Container()
    program = from_container(container.command or (), container.args or ())
    found = _PACKED.search(program.source)
    if found is None:
        raise ValueError("the step that should carry the code of the others carries none")
    runtime = unpack((container.args or ("",))[0])
    return {name: text for name, text in unpack(found.group(1)).items() if name not in runtime}


def _joined(graph: Graph, labels: tuple[str, ...]) -> tuple[dict[str, str], dict[str, TaskProgram]]:
    """All files of those executors that agree about them, and their programs with the digest of their own files."""
    files: dict[str, str] = {}
    programs: dict[str, TaskProgram] = {}
    for label in labels:
        container = graph.executors[label].container or Container()
        arguments = container.args or ()
        program = from_container(container.command or (), arguments)
        own = {**unpack(arguments[0]), **program.modules}
        if any(files.get(name, text) != text for name, text in own.items()):
            continue  # compiled from another state of the project: it keeps what it has
        files.update(own)
        digest = hashlib.sha256(json.dumps(own, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
        programs[label] = dataclasses.replace(program, modules={}, code=digest[:16])
    return files, programs


def _add_carrier(editor: GraphEditor, graph: Graph, packed: str, labels: tuple[str, ...]) -> str:
    """The executor that carries the code, and its task at the root; the executor's label."""
    first = graph.executors[labels[0]].container or Container()
    program = TaskProgram("carry_code", _SOURCE.format(packed=packed))
    container = Container(
        image=first.image, command=("python3", "-c", LOADER), args=((first.args or ("",))[0], *program.to_args())
    )
    label = editor.add_executor(f"exec-{CODE_INPUT}", Executor(container=container))
    component = Component(output_definitions=Outputs(artifacts={_OUTPUT: OutputArtifact(_KIND)}), executor_label=label)
    made = editor.add_component(f"comp-{CODE_INPUT}", component)
    name = editor.free_task("root", CODE_INPUT)
    editor.set_task(
        "root", name, Task(ComponentRef(made), TaskInfo(name), caching_options=CachingOptions(enable_cache=True))
    )
    return label


def _without_code(executor: Executor, program: TaskProgram, carrier: str) -> Executor:
    small = dataclasses.replace(program, code=f"{carrier}:{program.code}")
    container = executor.container or Container()
    changed = dataclasses.replace(container, command=("python3", "-c", LOADER), args=(CODE_PATH, *small.to_args()))
    return dataclasses.replace(executor, container=changed)


class _Threading:
    """Hands the artifact down from the root to every step that takes it. Used once, by one thread."""

    def __init__(self, editor: GraphEditor, labels: frozenset[str]) -> None:
        self._editor = editor
        self._labels = labels
        self._wanted: dict[str, bool] = {}

    def run(self) -> None:
        """Bind the artifact everywhere."""
        for name, component in self._editor.graph.components.items():
            if component.dag is None and component.executor_label in self._labels:
                self._editor.set_component(name, _with_input(component, CODE_INPUT))
            elif component.dag is not None and self._wants(name):
                self._bind(name, ArtifactBinding(component_input_artifact=_CHANNEL), ())
                self._editor.set_component(name, _with_input(self._editor.component(name), _CHANNEL))
        carrier = self._carrier()
        source = ArtifactBinding(task_output_artifact=TaskOutputArtifact(carrier, _OUTPUT))
        self._bind("root", source, (carrier,))

    def _carrier(self) -> str:
        root, before = self._editor.component("root"), self._editor.graph.root
        known = (before.dag.tasks if before.dag else None) or {}
        return next(name for name in ((root.dag.tasks if root.dag else None) or {}) if name not in known)

    def _wants(self, name: str) -> bool:
        """Whether a component takes the artifact: it is such a step, or holds one."""
        if name not in self._wanted:
            self._wanted[name] = False  # for components that hold themselves
            component = self._editor.graph.components.get(name)
            inner: Mapping[str, Task] = (component.dag.tasks if component and component.dag else None) or {}
            self._wanted[name] = component is not None and (
                component.executor_label in self._labels
                or any(self._wants(task.component_ref.name) for task in inner.values() if task.component_ref)
            )
        return self._wanted[name]

    def _bind(self, scope: str, source: ArtifactBinding, waits: tuple[str, ...]) -> None:
        dag = self._editor.component(scope).dag
        for name, task in ((dag.tasks if dag else None) or {}).items():
            used = task.component_ref.name if task.component_ref else ""
            if not self._wants(used):
                continue
            component = self._editor.graph.components[used]
            key = CODE_INPUT if component.dag is None else _CHANNEL
            inputs = TaskInputs(
                task.inputs.parameters if task.inputs else None, {**task.artifact_bindings, key: source}
            )
            after = tuple(sorted({*(task.dependent_tasks or ()), *waits})) or None
            self._editor.set_task(scope, name, dataclasses.replace(task, inputs=inputs, dependent_tasks=after))


def _with_input(component: Component, name: str) -> Component:
    inputs = Inputs(
        (component.input_definitions.parameters if component.input_definitions else None),
        {**component.input_artifacts, name: InputArtifact(_KIND)},
    )
    return dataclasses.replace(component, input_definitions=inputs)
