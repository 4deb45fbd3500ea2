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
from collections import Counter
from dataclasses import dataclass

from milonga.compiler.constructs.size import CARRIER, OBJECT_BYTES_MAX, run_bytes, shareable
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
from milonga.compiler.graph.nesting import inside_out, used_names
from milonga.compiler.graph.task import CachingOptions, ComponentRef, TaskInfo, TaskOutputArtifact
from milonga.compiler.passes.graph_editor import GraphEditor
from milonga.runtime.program import (
    CODE_INPUT,
    CODE_PATH,
    LOADER,
    PACKED_CHARACTERS_MAX,
    TaskProgram,
    from_container,
    pack,
    unpack,
)

_OF_THE_IMAGE = ("imagePullSecret", "imagePullPolicy", "nodeSelector", "tolerations")
"""Kubernetes settings without which an image may not be pulled, or its pod finds no node."""

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
        """The graph with a carrier for all steps that agree about the project, or one for each state of it.

        The same graph if it is small enough, or its code too large for one step.
        """
        lowered = _with_carrier(graph)
        while lowered is not graph:
            graph, lowered = lowered, _with_carrier(lowered)
        return graph


def _with_carrier(graph: Graph) -> Graph:
    labels = shareable(graph)
    if len(labels) < 2 or run_bytes(graph) <= OBJECT_BYTES_MAX:
        return graph
    files, programs = _joined(graph, labels)
    packed = pack(files)
    if len(programs) < 2 or len(packed) > PACKED_CHARACTERS_MAX:
        return graph
    editor = GraphEditor(graph)
    carrier = _add_carrier(editor, graph, packed, tuple(programs))
    for label, program in programs.items():
        editor.set_executor(label, _without_code(graph.executors[label], program, carrier.label))
    _Threading(editor, frozenset(programs), carrier.task).run()
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
    runtime = unpack(_runtime_of(container))
    return {name: text for name, text in unpack(found.group(1)).items() if name not in runtime}


def _joined(graph: Graph, labels: tuple[str, ...]) -> tuple[dict[str, str], dict[str, TaskProgram]]:
    """All files of those executors that agree about them, and their programs with the digest of their own files."""
    files: dict[str, str] = {}
    programs: dict[str, TaskProgram] = {}
    for label in labels:
        container = graph.executors[label].container or Container()
        program = from_container(container.command or (), container.args or ())
        own = {**unpack(_runtime_of(container)), **program.modules}
        if any(files.get(name, text) != text for name, text in own.items()):
            continue  # compiled from another state of the project: it keeps what it has
        files.update(own)
        digest = hashlib.sha256(json.dumps(own, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
        programs[label] = dataclasses.replace(program, modules={}, code=digest[:16])
    return files, programs


@dataclass(frozen=True, slots=True)
class _Carrier:
    """The executor that carries the code, and its task at the root."""

    label: str
    task: str


def _add_carrier(editor: GraphEditor, graph: Graph, packed: str, labels: tuple[str, ...]) -> _Carrier:
    """A step in the image that most of the others use, with what it takes to pull and place that image."""
    images = Counter((graph.executors[label].container or Container()).image or "" for label in labels)
    image = max(sorted(images), key=lambda name: images[name])
    model = next(label for label in labels if (graph.executors[label].container or Container()).image == image)
    runtime = _runtime_of(graph.executors[model].container)
    program = TaskProgram(CARRIER, _SOURCE.format(packed=packed))
    container = Container(image=image, command=("python3", "-c", LOADER), args=(runtime, *program.to_args()))
    label = editor.add_executor(f"exec-{CODE_INPUT}", Executor(container=container))
    settings = {key: value for key, value in graph.platform_settings(model).items() if key in _OF_THE_IMAGE}
    if settings:
        editor.set_settings(label, settings)
    component = Component(output_definitions=Outputs(artifacts={_OUTPUT: OutputArtifact(_KIND)}), executor_label=label)
    made = editor.add_component(f"comp-{CODE_INPUT}", component)
    name = editor.free_task("root", CODE_INPUT)
    editor.set_task(
        "root", name, Task(ComponentRef(made), TaskInfo(name), caching_options=CachingOptions(enable_cache=True))
    )
    return _Carrier(label, name)


def _runtime_of(container: Container | None) -> str:
    """The packed runtime, which stands first among the arguments."""
    return next(iter((container.args if container else None) or ()), "")


def _without_code(executor: Executor, program: TaskProgram, carrier: str) -> Executor:
    small = dataclasses.replace(program, code=f"{carrier}:{program.code}")
    container = executor.container or Container()
    changed = dataclasses.replace(container, command=("python3", "-c", LOADER), args=(CODE_PATH, *small.to_args()))
    return dataclasses.replace(executor, container=changed)


class _Threading:
    """Hands the artifact down from the root to every step that takes it. Used once, by one thread."""

    def __init__(self, editor: GraphEditor, labels: frozenset[str], carrier: str) -> None:
        self._editor = editor
        self._carrier = carrier
        self._channel = _free_channel(editor.graph)
        self._wanted: set[str] = set()
        for name in inside_out(editor.graph):
            component = editor.component(name)
            if component.executor_label in labels or not self._wanted.isdisjoint(used_names(component)):
                self._wanted.add(name)

    def run(self) -> None:
        """Bind the artifact everywhere."""
        for name in sorted(self._wanted - {"root"}):
            if self._editor.component(name).dag is None:
                self._editor.set_component(name, _with_input(self._editor.component(name), CODE_INPUT))
            else:
                self._bind(name, ArtifactBinding(component_input_artifact=self._channel), ())
                self._editor.set_component(name, _with_input(self._editor.component(name), self._channel))
        source = ArtifactBinding(task_output_artifact=TaskOutputArtifact(self._carrier, _OUTPUT))
        self._bind("root", source, (self._carrier,))

    def _bind(self, scope: str, source: ArtifactBinding, waits: tuple[str, ...]) -> None:
        dag = self._editor.component(scope).dag
        for name, task in ((dag.tasks if dag else None) or {}).items():
            used = task.component_ref.name if task.component_ref else ""
            if used not in self._wanted:
                continue
            key = CODE_INPUT if self._editor.component(used).dag is None else self._channel
            inputs = TaskInputs(
                task.inputs.parameters if task.inputs else None, {**task.artifact_bindings, key: source}
            )
            after = tuple(sorted({*(task.dependent_tasks or ()), *waits})) or None
            self._editor.set_task(scope, name, dataclasses.replace(task, inputs=inputs, dependent_tasks=after))


def _free_channel(graph: Graph) -> str:
    """A name under which no DAG takes an artifact yet: another carrier may hand down its own."""
    taken = {name for _, component in graph.dags() for name in component.input_artifacts}
    name, count = _CHANNEL, 1
    while name in taken:
        count += 1
        name = f"{_CHANNEL}-{count}"
    return name


def _with_input(component: Component, name: str) -> Component:
    inputs = Inputs(
        (component.input_definitions.parameters if component.input_definitions else None),
        {**component.input_artifacts, name: InputArtifact(_KIND)},
    )
    return dataclasses.replace(component, input_definitions=inputs)
