"""`importer`: bring data that exists already into a pipeline as an artifact, without copying it."""

from __future__ import annotations

from typing import Any, TypeVar

from milonga.dsl.artifacts.artifact import Artifact
from milonga.dsl.definition import Definition
from milonga.dsl.options import Options
from milonga.dsl.parameters import ParameterSchema, parameter_schema, spell
from milonga.dsl.places import Place, callers_place
from milonga.dsl.recording import current_recorder
from milonga.dsl.references import outputs_of
from milonga.dsl.signature import ArtifactSchema, Input, Output, Signature
from milonga.errors import AuthoringError

ArtifactType = TypeVar("ArtifactType", bound=Artifact)


class Importer(Definition[..., Any]):
    """The step behind `importer`. It has no function: every back end has its own way to register a URI."""

    noun = "importer"

    def __init__(
        self, artifact_class: type[Artifact], *, metadata: dict[str, Any], reimport: bool, place: Place
    ) -> None:
        self.name = "importer"
        self.task_options = Options()
        self.place = place
        self.artifact_class = artifact_class
        self.metadata = metadata
        self.reimport = reimport
        uri_schema = parameter_schema(str)
        if uri_schema is None:
            raise AssertionError("str is a parameter type")
        self.signature = Signature(
            (Input("uri", uri_schema),), (Output("artifact", ArtifactSchema(artifact_class)),), "one"
        )

    @property
    def description(self) -> str:
        """What it does."""
        return f"Register a URI as a {self.artifact_class.__name__}."


def importer(
    uri: str, artifact_class: type[ArtifactType], *, metadata: dict[str, Any] | None = None, reimport: bool = False
) -> ArtifactType:
    """An artifact for data that exists at `uri`.

    Args:
        uri: a path or URI, as text or as an output of a task or input of the pipeline.
        artifact_class: what it is, such as `Dataset`.
        metadata: facts to record with it.
        reimport: register it again even if the same URI was imported before.
    """
    recorder = current_recorder()
    if recorder is None:
        raise AuthoringError(
            "E132", "importer outside of a pipeline", where=str(callers_place()), hint="use Artifact.at(path) there"
        )
    place = callers_place()
    wanted: Any = artifact_class
    if not (isinstance(wanted, type) and issubclass(wanted, Artifact)):
        recorder.add_finding(
            "E113", "importer makes an artifact", place=place, got=spell(wanted), expected="a class such as Dataset"
        )
        artifact_class = Artifact  # type: ignore[assignment]
    try:
        metadata = ParameterSchema("STRUCT", dict).encode(metadata or {})
    except (TypeError, ValueError) as error:
        recorder.add_finding("E113", "the metadata of an importer has no JSON form", place=place, got=str(error))
        metadata = {}
    step = Importer(artifact_class, metadata=dict(metadata or {}), reimport=reimport, place=place)
    artifact: ArtifactType = outputs_of(step.record(recorder, (uri,), {}, place), step.signature)
    return artifact
