"""The contract `LatencyTable`: what was measured for each candidate on one device, and what was not, with why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar, Literal, cast

from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.dsl.artifacts import Artifact
from milonga.errors import DeviceError

FORMAT = "milonga.latency/1"
STATUSES = ("measured", "refused", "failed")
Status = Literal["measured", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One candidate. Only a `measured` row carries times.

    Args:
        family: kind of network, such as `resnet`.
        level: size step 1 to 5, None for models without levels.
        artefact: name of the compiled form, such as `onnxruntime-int8`.
        status: `measured`, `refused` (the back end cannot do it) or `failed` (it broke).
        reason: why it was refused or failed, or a remark on a measured row.
        parameter_count: trainable numbers of the network.
        size_bytes: size of the artefact file, None when there is none.
        p50_ms: median time for one sample in milliseconds.
        p95_ms: 95th percentile of the same.
        samples: timed calls.
        threads: threads that inference used.
    """

    family: str
    level: int | None
    artefact: str
    status: Status
    reason: str
    parameter_count: int
    size_bytes: int | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    samples: int | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """The content of a latency table: the name of the device profile, and one row a candidate."""

    device: str
    candidates: tuple[LatencyRow, ...]


class LatencyTable(Artifact):
    """A latency table as a single JSON file of format `milonga.latency/1`."""

    FORMAT: ClassVar[str] = FORMAT

    def write(self, report: LatencyReport) -> None:
        """Make `report` the content of this artifact.

        Raises:
            DeviceError: E623, a row that the contract does not allow, such as a refused row with times.
        """
        value = {"format": FORMAT, "device": report.device, "candidates": [asdict(row) for row in report.candidates]}
        _decode_report(Fields(value, where=str(self.path), error=DeviceError, code="E623"))
        write_json(self.path, value)
        self.metadata.update(device=report.device, candidates=len(report.candidates))

    def read(self) -> LatencyReport:
        """The table.

        Raises:
            DeviceError: E620 no such file, E621 no JSON object, E622 another format, E623 a wrong field.
        """
        return _decode_report(read_json(self.path, format=FORMAT, error=DeviceError, prefix="E62"))


def _decode_report(fields: Fields) -> LatencyReport:
    return LatencyReport(fields.text("device"), tuple(_decode_row(item) for item in fields.items("candidates")))


def _decode_row(fields: Fields) -> LatencyRow:
    row = LatencyRow(
        family=fields.text("family"),
        level=fields.optional_integer("level", minimum=1),
        artefact=fields.text("artefact"),
        status=cast(Status, fields.text("status", choices=STATUSES)),
        reason=fields.text("reason"),
        parameter_count=fields.integer("parameter_count", minimum=0),
        size_bytes=fields.optional_integer("size_bytes", minimum=1),
        p50_ms=fields.optional_number("p50_ms", minimum=0),
        p95_ms=fields.optional_number("p95_ms", minimum=0),
        samples=fields.optional_integer("samples", minimum=1),
        threads=fields.optional_integer("threads", minimum=1),
    )
    check_timing(fields, status=row.status, reason=row.reason)
    return row


def check_timing(fields: Fields, *, status: str, reason: str) -> None:
    """Times belong to measured rows and to nothing else; every other row says why it has none."""
    for name in ("size_bytes", "p50_ms", "p95_ms", "samples", "threads"):
        if status == "measured" and fields.is_null(name):
            fields.fail(name, None, "a number, for the row is measured")
        if status != "measured" and name != "size_bytes" and not fields.is_null(name):
            fields.fail(name, fields.raw(name), f"null, for the row is {status}")
    if status != "measured" and not reason:
        fields.fail("reason", reason, f"why the row is {status}")
