"""Finds device profiles by name: the measured host, and the data files in `profiles/`."""

from __future__ import annotations

import difflib
from pathlib import Path

from milonga.components.contracts.device_profile import DeviceDescription, read_device_file
from milonga.components.device_profiling.host import HOST, probe_host
from milonga.errors import DeviceError


def list_devices() -> tuple[str, ...]:
    """Names of all known devices: `host` first, then the declared ones, sorted."""
    return (HOST, *sorted(path.stem for path in _folder().glob("*.json")))


def load_device(name: str) -> DeviceDescription:
    """The profile of the device `name`; `host` is measured now.

    Raises:
        DeviceError: E606, no such device; E601 to E603, its file does not keep the contract.
    """
    if name == HOST:
        return probe_host()
    known = list_devices()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        raise DeviceError(
            "E606",
            f"there is no device '{name}'",
            got=name,
            expected="one of " + ", ".join(known),
            hint=f"did you mean '{near[0]}'?" if near else "milonga devices list",
        )
    description = read_device_file(_folder() / f"{name}.json")
    if description.name != name:
        message = f"the profile file of '{name}' describes another device"
        raise DeviceError("E603", message, where=f"profiles/{name}.json", got=description.name, expected=name)
    return description


def _folder() -> Path:
    return Path(__file__).with_name("profiles")
