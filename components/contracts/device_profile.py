"""The contract `DeviceProfile`: a device as data, with its hardware, runtimes, limits and the source of each number.

It does not know how a profile is measured or found; `milonga.components.device_profiling` does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.dsl.artifacts import Artifact
from milonga.errors import DeviceError

FORMAT = "milonga.device/1"
CLASSES = ("cpu", "arm-edge", "jetson", "server-gpu")
PRECISIONS = ("fp32", "fp16", "int8")
INT8_LAYOUTS = ("u8s8", "s8s8")
EXECUTORS = ("local", "none")
PROVENANCES = ("measured", "declared")


@dataclass(frozen=True, slots=True)
class DeviceArchitecture:
    """The processor.

    Args:
        isa: instruction set as `platform.machine()` names it, such as `x86_64` or `aarch64`.
        features: instruction-set extensions that matter for inference, sorted.
        cores: cores that a process may use.
        cpu_model: name of the processor, "" when unknown.
        l2_kib: level-2 cache in KiB, None when unknown; per core or shared as the source says.
        l3_kib: level-3 cache in KiB, None when unknown or absent.
    """

    isa: str
    features: tuple[str, ...]
    cores: int
    cpu_model: str = ""
    l2_kib: int | None = None
    l3_kib: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceRuntime:
    """An inference runtime on the device: distribution name and version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class DeviceLimits:
    """What a compiled network must keep; None is no limit.

    Args:
        latency_p95_ms: 95th percentile of the time for one sample, in milliseconds, above 0.
        size_mib: size of the artefact file in MiB, above 0.
        accuracy_drop_max: validation accuracy that may be lost against the trained network, 0 to 1.
    """

    latency_p95_ms: float | None = None
    size_mib: float | None = None
    accuracy_drop_max: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceDescription:
    """The content of a device profile.

    Args:
        name: name of the profile.
        device_class: one of `CLASSES`.
        architecture: the processor.
        ram_mib: main memory in MiB.
        operating_system: its name.
        libc: C library and version, "" when unknown.
        runtimes: inference runtimes present on the device.
        precisions: number formats worth trying, out of `PRECISIONS`.
        int8_layout: types of activations and weights of 8-bit networks: `u8s8` or `s8s8`.
        threads: threads that inference uses.
        limits: what a network must keep on this device.
        executor: `local` when the device is this machine, `none` when nothing here can run code on it.
        provenance: whether the numbers were measured or declared.
        sources: field path to where its number comes from.
    """

    name: str
    device_class: str
    architecture: DeviceArchitecture
    ram_mib: int
    operating_system: str
    libc: str
    runtimes: tuple[DeviceRuntime, ...]
    precisions: tuple[str, ...]
    int8_layout: str
    threads: int
    limits: DeviceLimits = DeviceLimits()
    executor: Literal["local", "none"] = "local"
    provenance: Literal["measured", "declared"] = "measured"
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def is_measurable(self) -> bool:
        """Whether a network can be timed on this device from this machine."""
        return self.executor == "local"


class DeviceProfile(Artifact):
    """A device profile as a single JSON file of format `milonga.device/1`."""

    FORMAT: ClassVar[str] = FORMAT

    def write(self, description: DeviceDescription) -> None:
        """Make `description` the content of this artifact.

        Raises:
            DeviceError: E603, a value that the contract does not allow.
        """
        value = encode_description(description)
        decode_description(Fields(value, where=str(self.path), error=DeviceError, code="E603"))
        write_json(self.path, value)
        self.metadata.update(device=description.name, provenance=description.provenance)

    def read(self) -> DeviceDescription:
        """The profile.

        Raises:
            DeviceError: E600 no such file, E601 no JSON object, E602 another format, E603 a wrong field.
        """
        return read_device_file(self.path)


def read_device_file(path: Path) -> DeviceDescription:
    """The profile in the JSON file `path`; errors as in `DeviceProfile.read`."""
    return decode_description(read_json(path, format=FORMAT, error=DeviceError, prefix="E60"))


def encode_description(description: DeviceDescription) -> dict[str, Any]:
    """The JSON form of a profile."""
    return {
        "format": FORMAT,
        "name": description.name,
        "class": description.device_class,
        "architecture": {**asdict(description.architecture), "features": list(description.architecture.features)},
        "memory": {"ram_mib": description.ram_mib},
        "operating_system": {"name": description.operating_system, "libc": description.libc},
        "runtimes": [asdict(runtime) for runtime in description.runtimes],
        "precisions": list(description.precisions),
        "int8_layout": description.int8_layout,
        "threads": description.threads,
        "limits": asdict(description.limits),
        "executor": description.executor,
        "provenance": {"kind": description.provenance, "source": dict(description.sources)},
    }


def decode_description(fields: Fields) -> DeviceDescription:
    """The profile in a parsed file; raises the error class of `fields` for a wrong field."""
    architecture = fields.fields("architecture")
    system = fields.fields("operating_system")
    provenance = fields.fields("provenance")
    precisions = fields.texts("precisions", distinct=True)
    if not precisions or not set(precisions) <= set(PRECISIONS):
        fields.fail("precisions", list(precisions), "some of " + ", ".join(PRECISIONS))
    return DeviceDescription(
        name=fields.text("name"),
        device_class=fields.text("class", choices=CLASSES),
        architecture=DeviceArchitecture(
            isa=architecture.text("isa"),
            features=architecture.texts("features", distinct=True),
            cores=architecture.integer("cores", minimum=1),
            cpu_model=architecture.text("cpu_model"),
            l2_kib=architecture.optional_integer("l2_kib", minimum=1),
            l3_kib=architecture.optional_integer("l3_kib", minimum=1),
        ),
        ram_mib=fields.fields("memory").integer("ram_mib", minimum=1),
        operating_system=system.text("name"),
        libc=system.text("libc"),
        runtimes=tuple(DeviceRuntime(item.text("name"), item.text("version")) for item in fields.items("runtimes")),
        precisions=precisions,
        int8_layout=fields.text("int8_layout", choices=INT8_LAYOUTS),
        threads=fields.integer("threads", minimum=1),
        limits=decode_limits(fields.fields("limits")),
        executor=cast(Literal["local", "none"], fields.text("executor", choices=EXECUTORS)),
        provenance=cast(Literal["measured", "declared"], provenance.text("kind", choices=PROVENANCES)),
        sources=_decode_sources(provenance),
    )


def decode_limits(fields: Fields) -> DeviceLimits:
    """The limits in a parsed object; null is no limit, 0 is not allowed for times and sizes."""
    latency_p95_ms = fields.optional_number("latency_p95_ms")
    size_mib = fields.optional_number("size_mib")
    for name, value in (("latency_p95_ms", latency_p95_ms), ("size_mib", size_mib)):
        if value is not None and value <= 0:
            fields.fail(name, value, "a number above 0, or null for no limit")
    accuracy_drop_max = fields.optional_number("accuracy_drop_max", minimum=0, maximum=1)
    return DeviceLimits(latency_p95_ms=latency_p95_ms, size_mib=size_mib, accuracy_drop_max=accuracy_drop_max)


def _decode_sources(provenance: Fields) -> dict[str, str]:
    sources = provenance.fields("source")
    return {name: sources.text(name) for name in sources.value}
