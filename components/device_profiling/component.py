"""The component `probe_device`."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from milonga.components.contracts.device_profile import DeviceLimits, DeviceProfile
from milonga.dsl import component


@component(cache=False, cpu="1", memory="512Mi")  # the machine may have changed since
def probe_device(
    device: str = "host",
    *,
    latency_p95_ms: Optional[float] = None,  # noqa: UP045 - the spelling that components and kfp share
    size_mib: Optional[float] = None,  # noqa: UP045
    accuracy_drop_max: Optional[float] = None,  # noqa: UP045
    threads: int = 0,
) -> DeviceProfile:
    """Describe a device and the limits that a network must keep on it.

    Args:
        device: `host` measures the machine that runs this step; any other name is a declared profile.
        latency_p95_ms: limit of the 95th percentile of the time for one sample, in milliseconds, above 0;
            None keeps the profile's own.
        size_mib: limit of the artefact's size in MiB, above 0; None keeps the profile's own.
        accuracy_drop_max: validation accuracy that compilation may lose, 0 to 1; None keeps the profile's own.
        threads: threads that inference uses; 0 keeps the profile's own.

    Returns:
        The profile, a JSON file of format `milonga.device/1`.

    Raises:
        DeviceError: E606 no such device, E603 a limit out of its range, E607 more threads than cores.
    """
    from milonga.components.device_profiling.catalogue import load_device
    from milonga.components.device_profiling.limits import choose_threads

    description = load_device(device)
    own = description.limits
    limits = DeviceLimits(
        latency_p95_ms=own.latency_p95_ms if latency_p95_ms is None else latency_p95_ms,
        size_mib=own.size_mib if size_mib is None else size_mib,
        accuracy_drop_max=own.accuracy_drop_max if accuracy_drop_max is None else accuracy_drop_max,
    )
    profile = DeviceProfile.create_file("device")
    profile.write(replace(description, limits=limits, threads=choose_threads(description, threads)))
    return profile
