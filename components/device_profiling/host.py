"""Measures the machine that it runs on, from the Linux kernel's own files; what they do not say stays unknown.

It imports no inference runtime: versions come from the installed distributions' metadata.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from milonga.components.contracts.device_profile import (
    DeviceArchitecture,
    DeviceDescription,
    DeviceLimits,
    DeviceRuntime,
)

HOST = "host"
ACCURACY_DROP_MAX = 0.01
"""Without a limit a fast network that guesses would be the best. MLPerf Inference asks for 99 % of fp32 quality."""
RUNTIMES = ("ai-edge-litert", "apache-tvm", "executorch", "onnxruntime", "openvino", "tensorrt", "torch")
FEATURES = {
    "x86_64": (
        *("amx_bf16", "amx_int8", "amx_tile", "avx", "avx2", "avx512_bf16", "avx512_fp16", "avx512_vnni"),
        *("avx512bw", "avx512dq", "avx512f", "avx512vl", "avx_vnni", "f16c", "fma"),
    ),
    "aarch64": ("asimd", "asimddp", "asimdhp", "bf16", "i8mm", "sve", "sve2"),
}
"""Instruction-set extensions that inference kernels are chosen by, as the kernel spells them."""


def probe_host(*, threads: int = 1) -> DeviceDescription:
    """The profile of this machine, with the default limit of the accuracy drop and no other.

    Args:
        threads: threads that inference will use. The default of 1 is the case of a single sample on a shared core.
    """
    isa = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    cpu = read_cpu_information(Path("/proc/cpuinfo"))
    flags = set(cpu.get("flags", cpu.get("Features", "")).split())
    caches = read_caches_kib(Path("/sys/devices/system/cpu/cpu0/cache"))
    precisions = ("fp32", "int8")
    return DeviceDescription(
        name=HOST,
        device_class=_device_class(isa),
        architecture=DeviceArchitecture(
            isa=isa,
            features=tuple(sorted(flags.intersection(FEATURES.get(isa, ())))),
            cores=_usable_cores(),
            cpu_model=cpu.get("model name", ""),
            l2_kib=caches.get(2),
            l3_kib=caches.get(3),
        ),
        ram_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20),
        operating_system=_operating_system(),
        libc=" ".join(platform.libc_ver()).strip(),
        runtimes=_installed_runtimes(),
        precisions=precisions,
        int8_layout=int8_layout_of(isa),
        threads=threads,
        limits=DeviceLimits(accuracy_drop_max=ACCURACY_DROP_MAX),
        executor="local",
        provenance="measured",
        sources=_sources(),
    )


def int8_layout_of(isa: str) -> str:
    """Types of 8-bit activations and weights that ONNX Runtime has its fast kernels for.

    The VNNI instructions, and the AVX2 instructions before them, multiply unsigned by signed bytes; the dot-product
    instructions of Arm multiply signed by signed ones. Measured on VNNI: 2.6 times faster than fp32 with unsigned
    activations and signed weights, slower than fp32 with signed ones.
    """
    return "u8s8" if isa == "x86_64" else "s8s8"


def read_cpu_information(path: Path) -> dict[str, str]:
    """The fields of the first processor in a `cpuinfo` file; empty where there is no such file."""
    if not path.is_file():
        return {}
    fields: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, separator, value = line.partition(":")
        if not separator and fields:
            break
        if separator:
            fields.setdefault(name.strip(), value.strip())
    return fields


def read_caches_kib(folder: Path) -> dict[int, int]:
    """Cache level to size in KiB, of unified caches in a kernel `cache` folder."""
    caches: dict[int, int] = {}
    for index in sorted(folder.glob("index*")):
        try:
            kind = (index / "type").read_text().strip()
            size = (index / "size").read_text().strip()
            if kind == "Unified" and size.endswith("K"):
                caches[int((index / "level").read_text())] = int(size[:-1])
        except (OSError, ValueError):
            continue
    return caches


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _device_class(isa: str) -> str:
    if Path("/etc/nv_tegra_release").exists():
        return "jetson"
    return "arm-edge" if isa == "aarch64" else "cpu"


def _operating_system() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    return f"{release.get('NAME', platform.system())} {release.get('VERSION_ID', '')}".strip()


def _installed_runtimes() -> tuple[DeviceRuntime, ...]:
    found: list[DeviceRuntime] = []
    for name in RUNTIMES:
        try:
            found.append(DeviceRuntime(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return tuple(found)


def _sources() -> dict[str, str]:
    return {
        "architecture.isa": "platform.machine",
        "architecture.features": "cpuinfo of the kernel, first processor",
        "architecture.cores": "cores that this process may use",
        "architecture.cpu_model": "cpuinfo of the kernel, first processor",
        "architecture.l2_kib": "cache folder of the kernel, processor 0",
        "architecture.l3_kib": "cache folder of the kernel, processor 0",
        "memory.ram_mib": "sysconf: page size times physical pages",
        "operating_system.name": "os-release",
        "operating_system.libc": "platform.libc_ver of the Python executable",
        "runtimes": "metadata of the installed Python distributions",
        "precisions": "formats that the embedded back ends can compile to on a CPU",
        "int8_layout": "derived from architecture.isa",
        "limits.accuracy_drop_max": "default: one point; pass your own",
        "threads": "chosen",
    }
