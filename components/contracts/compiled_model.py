"""The contract `CompiledModel`: a network in the form that its device runs, and all that was measured on the way."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

from milonga.components.contracts.device_profile import DeviceLimits, decode_limits
from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.components.contracts.latency_table import STATUSES, Status, check_timing
from milonga.components.contracts.model_input import ModelInput
from milonga.dsl.artifacts import Model
from milonga.errors import DeviceError

FORMAT = "milonga.compiled/1"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which samples the 8-bit ranges come from: split, count, SHA-256 over the samples as the network takes them."""

    split: str
    samples: int
    digest: str


@dataclass(frozen=True, slots=True)
class CompiledCandidate:
    """One artefact that was tried. Times only on a measured one.

    Args:
        artefact: its name, such as `onnxruntime-int8`.
        status: `measured`, `refused` or `failed`.
        reason: why it was refused or failed, or a remark on a measured one.
        file: path inside the folder, None when nothing was compiled.
        size_bytes: size of that file.
        sha256: digest of that file.
        p50_ms: median time for one sample in milliseconds.
        p95_ms: 95th percentile of the same.
        samples: timed calls.
        threads: threads that inference used.
        parity_max_relative_error: largest absolute difference of the probabilities from the trained model's,
            over the largest probability.
        top1_agreement: share of validation samples with the trained model's class.
        validation_accuracy: accuracy on the validation split.
        accuracy_drop: accuracy of the trained model on that split minus this one.
    """

    artefact: str
    status: Status
    reason: str = ""
    file: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    samples: int | None = None
    threads: int | None = None
    parity_max_relative_error: float | None = None
    top1_agreement: float | None = None
    validation_accuracy: float | None = None
    accuracy_drop: float | None = None


@dataclass(frozen=True, slots=True)
class CompiledDescription:
    """The content of `compiled.json`; see `docs/reference/artifacts.md`."""

    device: str
    chosen: str
    family: str
    level: int | None
    classes: tuple[str, ...]
    input: ModelInput
    mean: tuple[float, ...]
    std: tuple[float, ...]
    limits: DeviceLimits
    candidates: tuple[CompiledCandidate, ...]
    runtime_versions: dict[str, str]
    calibration: Calibration | None
    opset: int

    @property
    def chosen_candidate(self) -> CompiledCandidate:
        """The candidate that `model.onnx` is."""
        return next(candidate for candidate in self.candidates if candidate.artefact == self.chosen)


class CompiledModel(Model):
    """A folder with `compiled.json`, `model.onnx` and `candidates/`, of format `milonga.compiled/1`."""

    FORMAT: ClassVar[str] = FORMAT

    @property
    def onnx_path(self) -> Path:
        """The chosen network: float32 `input` `[batch, ...]` in, float32 `probabilities` `[batch, classes]` out."""
        return self.path / "model.onnx"

    def write(self, description: CompiledDescription) -> None:
        """Write `compiled.json`; the networks must stand in the folder already.

        Raises:
            DeviceError: E633, a value that the contract does not allow; E634, a network is missing or altered.
        """
        value = _encode(description)
        where = self.path / "compiled.json"
        checked = _decode(Fields(value, where=str(where), error=DeviceError, code="E633"))
        self._check_networks(checked, all_present=True)
        write_json(where, value)
        chosen = description.chosen_candidate
        self.metadata.update(
            device=description.device,
            chosen=description.chosen,
            p50_ms=chosen.p50_ms,
            p95_ms=chosen.p95_ms,
            size_bytes=chosen.size_bytes,
        )

    def read(self) -> CompiledDescription:
        """The description, after a check that the networks are those which it describes.

        Raises:
            DeviceError: E630 no `compiled.json`, E631 no JSON object, E632 another format, E633 a wrong field,
                E634 a network is missing or altered.
        """
        fields = read_json(self.path / "compiled.json", format=FORMAT, error=DeviceError, prefix="E63")
        description = _decode(fields)
        self._check_networks(description, all_present=False)
        return description

    def _check_networks(self, description: CompiledDescription, *, all_present: bool) -> None:
        expected = {candidate.file: candidate.sha256 for candidate in description.candidates if candidate.file}
        expected["model.onnx"] = description.chosen_candidate.sha256
        for name, sha256 in expected.items():
            path = self.path / name
            if not all_present and name != "model.onnx" and not path.exists():
                continue  # a deployed model carries the chosen network only
            got = file_sha256(path) if path.is_file() else "no such file"
            if got != sha256:
                message = f"the network '{name}' is missing or is not the one that was measured"
                raise DeviceError("E634", message, where=str(path), got=got, expected=str(sha256))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _encode(description: CompiledDescription) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "device": description.device,
        "chosen": description.chosen,
        "family": description.family,
        "level": description.level,
        "classes": list(description.classes),
        "input": description.input.to_json(),
        "mean": list(description.mean),
        "std": list(description.std),
        "limits": asdict(description.limits),
        "candidates": [asdict(candidate) for candidate in description.candidates],
        "runtime_versions": dict(description.runtime_versions),
        "calibration": None if description.calibration is None else asdict(description.calibration),
        "opset": description.opset,
    }


def _decode(fields: Fields) -> CompiledDescription:
    candidates = tuple(_decode_candidate(item) for item in fields.items("candidates"))
    measured = [candidate.artefact for candidate in candidates if candidate.status == "measured"]
    versions = fields.fields("runtime_versions")
    calibration = fields.optional_fields("calibration")
    return CompiledDescription(
        device=fields.text("device"),
        chosen=fields.text("chosen", choices=measured or ("a measured candidate",)),
        family=fields.text("family"),
        level=fields.optional_integer("level", minimum=1),
        classes=fields.texts("classes", distinct=True),
        input=ModelInput.from_fields(fields.fields("input")),
        mean=fields.numbers("mean"),
        std=fields.numbers("std"),
        limits=decode_limits(fields.fields("limits")),
        candidates=candidates,
        runtime_versions={name: versions.text(name) for name in versions.value},
        calibration=None if calibration is None else _decode_calibration(calibration),
        opset=fields.integer("opset", minimum=1),
    )


def _decode_calibration(fields: Fields) -> Calibration:
    return Calibration(
        # Ranges that come from validation or test samples would make their accuracy a lie.
        split=fields.text("split", choices=("train",)),
        samples=fields.integer("samples", minimum=1),
        digest=fields.text("digest"),
    )


def _decode_candidate(fields: Fields) -> CompiledCandidate:
    candidate = CompiledCandidate(
        artefact=fields.text("artefact"),
        status=cast(Status, fields.text("status", choices=STATUSES)),
        reason=fields.text("reason"),
        file=fields.optional_text("file"),
        size_bytes=fields.optional_integer("size_bytes", minimum=1),
        sha256=fields.optional_text("sha256"),
        p50_ms=fields.optional_number("p50_ms", minimum=0),
        p95_ms=fields.optional_number("p95_ms", minimum=0),
        samples=fields.optional_integer("samples", minimum=1),
        threads=fields.optional_integer("threads", minimum=1),
        parity_max_relative_error=fields.optional_number("parity_max_relative_error", minimum=0),
        top1_agreement=fields.optional_number("top1_agreement", minimum=0, maximum=1),
        validation_accuracy=fields.optional_number("validation_accuracy", minimum=0, maximum=1),
        accuracy_drop=fields.optional_number("accuracy_drop", minimum=-1, maximum=1),
    )
    check_timing(fields, status=candidate.status, reason=candidate.reason)
    if candidate.file is not None and (candidate.file.startswith("/") or ".." in candidate.file.split("/")):
        fields.fail("file", candidate.file, "a path inside the folder")
    return candidate
