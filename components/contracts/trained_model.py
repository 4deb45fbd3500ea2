"""The contract `TrainedModel`: weights, and all that is needed to use and to judge them. No pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from milonga.components.contracts.estimator_file import decode_estimator, encode_estimator
from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.components.contracts.model_input import ModelInput
from milonga.dsl.artifacts import Model
from milonga.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import torch

FORMAT = "milonga.model/1"
Framework = Literal["torch", "sklearn"]


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What one pass over the train split gave. A table estimator is fitted in one go and has one record.

    Attributes:
        epoch: counted from 1.
        train_loss: mean loss over the epoch, in nats; with label smoothing and augmentation where they are on.
        validation_loss: mean cross-entropy on the validation split after the epoch, in nats, without smoothing.
        validation_accuracy: share of right predictions on the validation split, 0 to 1.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """The content of `model.json`.

    Attributes:
        framework: `torch` (file `weights.safetensors`) or `sklearn` (file `estimator.skops`).
        family: a registered family of networks, or the kind of estimator.
        level: size of the network, 1 to 5; None for an estimator.
        input: what one sample looks like.
        classes: names in the order of the outputs.
        mean: per channel of the pixels scaled to 0..1, or per feature; over the train split. A network subtracts it
            from its input itself; an estimator takes raw features and does its own scaling.
        std: likewise the standard deviation, above 0.
        parameter_count: trainable numbers of a network; coefficients or tree nodes of an estimator.
        hyperparameters: name -> value, all that were in force.
        history: one record an epoch.
        dataset_digest: `digest` of the `DataSplits` that it was trained on.
        seed: seed of everything random in the training.
    """

    framework: Framework
    family: str
    level: int | None
    input: ModelInput
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    parameter_count: int
    hyperparameters: dict[str, Any]
    history: tuple[EpochRecord, ...]
    dataset_digest: str
    seed: int
    format: str = field(default=FORMAT, init=False)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of `model.json`."""
        return {
            "format": self.format,
            "framework": self.framework,
            "family": self.family,
            "level": self.level,
            "input": self.input.to_json(),
            "classes": list(self.classes),
            "mean": list(self.mean),
            "std": list(self.std),
            "parameter_count": self.parameter_count,
            "hyperparameters": dict(self.hyperparameters),
            "history": [asdict(record) for record in self.history],
            "dataset_digest": self.dataset_digest,
            "seed": self.seed,
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> ModelDescription:
        """The description in a parsed `model.json`.

        Raises:
            DataError: E543, a field does not keep the contract.
        """
        framework = cast(Framework, fields.text("framework", choices=("torch", "sklearn")))
        description = cls(
            framework=framework,
            family=fields.text("family"),
            level=fields.optional_integer("level", minimum=1),
            input=ModelInput.from_fields(fields.fields("input")),
            classes=fields.texts("classes", distinct=True),
            mean=fields.numbers("mean"),
            std=fields.numbers("std"),
            parameter_count=fields.integer("parameter_count", minimum=1),
            hyperparameters=fields.mapping("hyperparameters"),
            history=tuple(_epoch(item) for item in fields.items("history")),
            dataset_digest=fields.text("dataset_digest"),
            seed=fields.integer("seed"),
        )
        description._check(fields)
        return description

    def _check(self, fields: Fields) -> None:
        if (self.framework == "torch") != (self.level is not None) or (self.level or 1) > 5:
            fields.fail("level", self.level, "1 to 5 for a network, null for an estimator")
        if len(self.classes) < 2:
            fields.fail("classes", self.classes, "two names or more")
        count = self.input.channels if self.input.kind == "image" else self.input.features
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != count:
                fields.fail(name, f"{len(values)} numbers", f"{count}, one a channel or feature of the input")
        if min(self.std) <= 0:
            fields.fail("std", self.std, "numbers above 0")
        if [record.epoch for record in self.history] != list(range(1, len(self.history) + 1)):
            fields.fail("history", [record.epoch for record in self.history], "epochs 1, 2, 3, ...")


class TrainedModel(Model):
    """A folder with `model.json` and either `weights.safetensors` or `estimator.skops`."""

    DESCRIPTION_FILE: ClassVar[str] = "model.json"
    WEIGHTS_FILE: ClassVar[str] = "weights.safetensors"
    ESTIMATOR_FILE: ClassVar[str] = "estimator.skops"

    def write_network(self, description: ModelDescription, state: Mapping[str, torch.Tensor]) -> None:
        """Write a network.

        Args:
            description: of framework `torch`.
            state: name -> tensor, as `state_dict()` of the network gives it.

        Raises:
            DataError: E543, the description does not keep the contract; E544, `state` holds NaN or infinity.
        """
        save = _safetensors().torch.save
        self._check_before_writing(description, "torch")
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
        bad = sorted(name for name, tensor in tensors.items() if not bool(tensor.isfinite().all()))
        if bad or not tensors:
            got = f"NaN or infinity in {', '.join(bad[:5])}" if bad else "no tensor"
            raise DataError("E544", "these weights are not usable", where=self.WEIGHTS_FILE, got=got)
        self._write(description, self.WEIGHTS_FILE, save(tensors))

    def write_estimator(self, description: ModelDescription, estimator: Any) -> None:
        """Write a fitted scikit-learn estimator that takes raw features, float32 `[n, features]`.

        Raises:
            DataError: E543, the description does not keep the contract; E545, a type in it is not trusted.
        """
        self._check_before_writing(description, "sklearn")
        self._write(description, self.ESTIMATOR_FILE, encode_estimator(estimator))

    def read(self) -> ModelDescription:
        """The description, after a check that the file it describes stands beside it.

        Raises:
            DataError: E540 no `model.json`, E541 no JSON object, E542 another format, E543 a wrong field,
                E544 the weights or the estimator are missing.
        """
        path = self.path / self.DESCRIPTION_FILE
        description = ModelDescription.from_fields(read_json(path, format=FORMAT, prefix="E54"))
        content = self._content(description.framework)
        if not content.is_file():
            message = f"the file '{content.name}' of this model is missing"
            raise DataError(
                "E544", message, where=str(content), expected=f"the file of a {description.framework} model"
            )
        return description

    def read_network(self) -> dict[str, torch.Tensor]:
        """The network's state, name -> tensor, on the CPU.

        Raises:
            DataError: E543 (not a network), E544 (the file is missing, damaged, or holds NaN); those of `read`.
        """
        safetensors = _safetensors()
        self._expect("torch")
        path = self.path / self.WEIGHTS_FILE
        try:
            state: dict[str, torch.Tensor] = safetensors.torch.load_file(str(path), device="cpu")
        except (safetensors.SafetensorError, OSError, ValueError) as reason:
            got = str(reason)[:300]
            raise DataError("E544", "the weights are damaged", where=str(path), got=got) from reason
        if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
            raise DataError("E544", "the weights hold NaN or infinity", where=str(path))
        return state

    def read_estimator(self) -> Any:
        """The fitted scikit-learn estimator; only types of a closed list are ever built.

        Raises:
            DataError: E543 (not an estimator), E544 (damaged, or of another scikit-learn), E545 (a type that is not
                trusted); those of `read`.
        """
        self._expect("sklearn")
        return decode_estimator(self.path / self.ESTIMATOR_FILE)

    def _content(self, framework: Framework) -> Path:
        return self.path / (self.WEIGHTS_FILE if framework == "torch" else self.ESTIMATOR_FILE)

    def _expect(self, framework: Framework) -> None:
        description = self.read()
        if description.framework != framework:
            where = str(self.path / self.DESCRIPTION_FILE)
            message = f"this model is no {'network' if framework == 'torch' else 'estimator'}"
            raise DataError("E543", message, where=where, got=description.framework, expected=framework)

    def _check_before_writing(self, description: ModelDescription, framework: Framework) -> None:
        where = str(self.path / self.DESCRIPTION_FILE)
        fields = Fields(description.to_json(), where=where, code="E543")
        fields.text("framework", choices=(framework,))
        ModelDescription.from_fields(fields)

    def _write(self, description: ModelDescription, name: str, content: bytes) -> None:
        """The large file first and each file by one rename: a folder with `model.json` is a complete one."""
        partial = self.path / f".{name}.partial"
        partial.write_bytes(content)
        partial.replace(self.path / name)
        write_json(self.path / self.DESCRIPTION_FILE, description.to_json())
        self.metadata.update(
            framework=description.framework,
            family=description.family,
            level=description.level,
            parameter_count=description.parameter_count,
            dataset_digest=description.dataset_digest,
        )


def _epoch(fields: Fields) -> EpochRecord:
    return EpochRecord(
        epoch=fields.integer("epoch", minimum=1),
        train_loss=fields.number("train_loss", minimum=0),
        validation_loss=fields.number("validation_loss", minimum=0),
        validation_accuracy=fields.number("validation_accuracy", minimum=0, maximum=1),
    )


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.torch
    except ImportError as reason:
        raise MissingExtra.of("safetensors", "torch", "reading and writing a network") from reason
    return safetensors
