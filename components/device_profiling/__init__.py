"""Device profiles: what a device is, what runs on it, and which limits a network must keep there."""

from milonga.components.device_profiling.catalogue import list_devices, load_device
from milonga.components.device_profiling.component import probe_device
from milonga.components.device_profiling.host import probe_host

__all__ = ["list_devices", "load_device", "probe_device", "probe_host"]
