"""Applies what the author asked for to a profile."""

from __future__ import annotations

from milonga.components.contracts.device_profile import DeviceDescription
from milonga.errors import DeviceError


def choose_threads(description: DeviceDescription, threads: int) -> int:
    """The profile's own threads for 0, else `threads`.

    Raises:
        DeviceError: E607, fewer than 0 or more than the device has cores.
    """
    if threads == 0:
        return description.threads
    cores = description.architecture.cores
    if not 1 <= threads <= cores:
        message = f"the device '{description.name}' cannot run {threads} threads side by side"
        raise DeviceError("E607", message, got=str(threads), expected=f"1 to {cores}, or 0 for the profile's own")
    return threads
