"""The contract `Deployment`: what a cluster and a local server need to serve one compiled network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.components.contracts.model_input import ModelInput
from milonga.dsl.artifacts import Artifact
from milonga.errors import ServingError

FORMAT = "milonga.deployment/1"


@dataclass(frozen=True, slots=True)
class DeploymentDescription:
    """The content of `deployment.json`.

    Args:
        name: name of the InferenceService and of the model in request paths.
        model_digest: SHA-256 of `model/model.onnx`.
        classes: class names, in the order of the probabilities.
        input: what one sample looks like.
        example_index: index in the test split of the sample in `request.json`.
        example_class: its true class.
    """

    name: str
    model_digest: str
    classes: tuple[str, ...]
    input: ModelInput
    example_index: int
    example_class: str


class Deployment(Artifact):
    """A folder with `inference-service.yaml`, `deployment.json`, `request.json` and `model/`."""

    FORMAT: ClassVar[str] = FORMAT

    @property
    def manifest_path(self) -> Path:
        """The KServe InferenceService."""
        return self.path / "inference-service.yaml"

    @property
    def request_path(self) -> Path:
        """An Open Inference Protocol v2 request with one real sample."""
        return self.path / "request.json"

    @property
    def model_folder(self) -> Path:
        """The folder that a server loads: `compiled.json` and `model.onnx`."""
        return self.path / "model"

    def write(self, description: DeploymentDescription) -> None:
        """Write `deployment.json`.

        Raises:
            ServingError: E723, a value that the contract does not allow.
        """
        value = _encode(description)
        where = self.path / "deployment.json"
        _decode(Fields(value, where=str(where), error=ServingError, code="E723"))
        write_json(where, value)
        self.metadata.update(name=description.name, model_digest=description.model_digest)

    def read(self) -> DeploymentDescription:
        """The description, after a check that all files of the folder are there.

        Raises:
            ServingError: E720 a file is missing, E721 no JSON object, E722 another format, E723 a wrong field.
        """
        description = _decode(read_json(self.path / "deployment.json", format=FORMAT, error=ServingError, prefix="E72"))
        for path in (self.manifest_path, self.request_path, self.model_folder / "model.onnx"):
            if not path.is_file():
                raise ServingError("E720", f"the deployment holds no '{path.name}'", where=str(path))
        return description

    def compiled_model(self) -> CompiledModel:
        """The served network as an artifact."""
        return CompiledModel.at(self.model_folder)


def _encode(description: DeploymentDescription) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": description.name,
        "model_digest": description.model_digest,
        "classes": list(description.classes),
        "input": description.input.to_json(),
        "protocol": "v2",
        "example": {"index": description.example_index, "class": description.example_class},
    }


def _decode(fields: Fields) -> DeploymentDescription:
    fields.text("protocol", choices=("v2",))
    classes = fields.texts("classes", distinct=True)
    example = fields.fields("example")
    return DeploymentDescription(
        name=fields.text("name"),
        model_digest=fields.text("model_digest"),
        classes=classes,
        input=ModelInput.from_fields(fields.fields("input")),
        example_index=example.integer("index", minimum=0),
        example_class=example.text("class", choices=classes),
    )
