"""Run a pipeline function once, with references for values, and make a Graph of what it recorded."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.__about__ import __version__
from milonga.compiler.graph import (
    Component,
    Deployment,
    Graph,
    PipelineInfo,
    Platform,
    PlatformDeployment,
    Specification,
)
from milonga.compiler.graph.graph import SCHEMA_VERSION
from milonga.compiler.graph.together import with_marks
from milonga.compiler.trace.borders import input_definitions
from milonga.compiler.trace.library import Library
from milonga.compiler.trace.lowering import Lowering, together_of
from milonga.compiler.trace.ready_made import ReadyMade
from milonga.compiler.trace.traced_dag import TracedDag
from milonga.dsl.definition import Definition
from milonga.dsl.options import Options
from milonga.dsl.pipeline_decorator import Pipeline
from milonga.dsl.recording import Recorder, recording
from milonga.dsl.references import Reference, TaskOutputs, outputs_of
from milonga.dsl.signature import SINGLE_OUTPUT, Signature, spelled
from milonga.errors import AuthoringError, MilongaError


@dataclass(frozen=True, slots=True)
class TracedPipeline:
    """A graph, and the live functions behind its executors, for running in this process.

    Attributes:
        graph: the pipeline.
        functions: executor label → the author's function.
        signature: inputs and outputs with their Python types.
    """

    graph: Graph
    signature: Signature
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


def trace(target: Definition[..., Any]) -> TracedPipeline:
    """The graph of a pipeline, or of a component alone, which becomes a pipeline of one task.

    What was made elsewhere has its graph already; only options of its own make it a task of a pipeline around it.

    Raises:
        AuthoringError: mistakes of the author, all of them, each with file and line.
    """
    if isinstance(target, ReadyMade) and target.task_options == Options():
        return TracedPipeline(target.graph, target.signature)
    library = Library(reserved=target.name if isinstance(target, Pipeline) else "")
    tracer = _Tracer(library)
    findings: list[MilongaError] = tracer.findings
    traced = tracer.complete(target)
    if findings:
        raise AuthoringError.from_findings(target.name, findings)
    library.add_places("root", traced.places)
    specification = Specification(
        pipeline_info=PipelineInfo(
            target.name, getattr(target, "display_name", "") or None, target.description or None
        ),
        root=traced.component,
        schema_version=SCHEMA_VERSION,
        sdk_version=f"milonga-{__version__}",
        components=library.used_by(traced.component) or None,
        deployment_spec=Deployment(dict(sorted(library.executors.items()))),
        default_pipeline_root=getattr(target, "pipeline_root", "") or None,
    )
    marks = {
        "root": traced.together,
        **{name: library.together.get(name, {}) for name in specification.components or {}},
    }
    graph = Graph(specification, _platforms(library), library.places)
    graph = with_marks(graph, marks) if any(marks.values()) else graph
    return TracedPipeline(graph, target.signature, library.functions)


def _platforms(library: Library) -> dict[str, Platform] | None:
    """The second document: settings of executors and of the whole run, by platform."""
    platforms: dict[str, Platform] = {}
    for name in sorted({*library.platforms, *library.pipeline_configs}):
        executors = library.platforms.get(name)
        platforms[name] = Platform(
            deployment_spec=PlatformDeployment(dict(sorted(executors.items()))) if executors else None,
            pipeline_config=library.pipeline_configs.get(name),
        )
    return platforms or None


class _Tracer:
    """Traces a pipeline and, once each, the pipelines that it calls."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.findings: list[MilongaError] = []
        self._nested: dict[int, str] = {}
        self._under_way: list[Definition[..., Any]] = []

    def complete(self, target: Definition[..., Any]) -> TracedDag:
        """The DAG component of `target`, which is under way until it is known."""
        self._under_way.append(target)
        try:
            return self.component_of(target)
        finally:
            self._under_way.pop()

    def component_of(self, target: Definition[..., Any]) -> TracedDag:
        """The DAG component of `target`."""
        recorder = Recorder(target.name, target.place)
        recorder.root_inputs = {item.name: item.schema for item in target.signature.inputs}
        inputs = {item.name: Reference(recorder.root, item.name, item.schema) for item in target.signature.inputs}
        with recording(recorder):
            result = self._run(target, recorder, inputs)
            outputs = self._outputs(target, recorder, result)
            lowering = Lowering(recorder, self.library, self._trace_nested)
            root = lowering.lower(outputs)
            if not recorder.tasks and not recorder.findings:
                recorder.add_finding(
                    "E149",
                    f"pipeline '{target.name}' has no task",
                    place=target.place,
                    hint="call at least one component in it",
                )
        self.findings.extend(recorder.findings)
        if recorder.findings:
            return TracedDag(Component())
        try:
            component = lowering.finish_scope(root, input_definitions(target.signature))
            return TracedDag(component, {**lowering.places_of(root), "": target.place}, together_of(root))
        except AuthoringError as error:
            self.findings.extend(error.findings or [error])
            return TracedDag(Component())

    def _trace_nested(self, target: Pipeline[..., Any]) -> str:
        known = self._nested.get(id(target.function))
        if known is None:
            if target.function in [definition.function for definition in self._under_way]:
                circle = " → ".join([*(definition.name for definition in self._under_way), target.name])
                raise AuthoringError(
                    "E143", f"pipeline '{target.name}' calls itself", where=str(target.place), got=circle
                )
            traced = self.complete(target)
            known = self.library.add_component(
                target.name, traced.component, places=traced.places, together=traced.together
            )
            self._nested[id(target.function)] = known
        return known

    def _run(self, target: Definition[..., Any], recorder: Recorder, inputs: dict[str, Reference]) -> Any:
        if not isinstance(target, Pipeline):
            task = target.record(recorder, (), dict(inputs), target.place)
            return outputs_of(task, target.signature)
        try:
            return target.function(**inputs)
        except MilongaError as error:
            recorder.findings.extend(getattr(error, "findings", ()) or (error,))
        except Exception as error:  # noqa: BLE001 - the author's code may raise anything
            finding = _as_finding(error, target)
            if not recorder.has_finding_at(finding.where):  # otherwise it is a consequence of that
                recorder.findings.append(finding)
        return None

    def _outputs(self, target: Definition[..., Any], recorder: Recorder, result: Any) -> list[tuple[str, Reference]]:
        signature = target.signature
        if recorder.findings or signature.returns == "nothing":
            if result is not None and not recorder.findings and not isinstance(result, TaskOutputs):
                recorder.add_finding(
                    "E160",
                    f"pipeline '{target.name}' returns a value that its signature does not declare",
                    place=target.place,
                    hint="add '-> Model' (or the type of the value) to the function",
                )
            return []
        values = _returned(signature, result)
        pairs: list[tuple[str, Reference]] = []
        for output in signature.outputs:
            value = values.get(output.name)
            name = output.name
            if not isinstance(value, Reference):
                what = "output" if name == SINGLE_OUTPUT else f"output '{name}'"
                recorder.add_finding(
                    "E161",
                    f"{what} of pipeline '{target.name}' is no output of a task",
                    place=target.place,
                    got=repr(value)[:80],
                    expected=spelled(output.schema),
                )
                continue
            reason = _return_problem(output.schema, value)
            if reason:
                recorder.add_finding(
                    "E113",
                    f"pipeline '{target.name}' returns the wrong type",
                    place=target.place,
                    got=reason,
                    expected=spelled(output.schema),
                )
            pairs.append((name, value))
        return pairs


def _return_problem(schema: Any, value: Reference) -> str | None:
    if value.schema is None:
        return None
    if type(value.schema) is not type(schema):
        return f"{value.label}: {value.spelling}"
    reason: str | None = schema.accepts(value.schema)  # type: ignore[arg-type]
    return f"{value.label}: {reason}" if reason else None


def _returned(signature: Signature, result: Any) -> dict[str, Any]:
    if signature.returns == "one":
        return {signature.outputs[0].name: result}
    if isinstance(result, TaskOutputs):
        return dict(result._references)
    names = [output.name for output in signature.outputs]
    if isinstance(result, tuple) and len(result) == len(names):
        return dict(zip(names, result, strict=True))
    return {name: getattr(result, name, None) for name in names}


def _as_finding(error: Exception, target: Definition[..., Any]) -> MilongaError:
    """An exception from the author's pipeline function, at the author's line."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename == target.function.__code__.co_filename]
    frame = (inside or list(frames))[-1]
    return AuthoringError(
        "E162",
        f"pipeline '{target.name}' raised {type(error).__name__}: {error}",
        where=f"{frame.filename}:{frame.lineno}",
        hint="a pipeline's body only wires tasks; work on values belongs into components",
    )


__all__ = ["TracedPipeline", "trace"]
