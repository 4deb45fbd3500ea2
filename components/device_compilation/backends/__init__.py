"""Back ends: each turns an ONNX file into what one runtime executes. A new one is a class and one line here."""

from __future__ import annotations

from milonga.components.device_compilation.backends.base import DeviceBackend
from milonga.errors import DeviceError


def load_backends() -> tuple[DeviceBackend, ...]:
    """All back ends, the reference first: whatever is chosen is never slower than it was measured to be."""
    from milonga.components.device_compilation.backends.onnxruntime.fp32 import OnnxRuntimeFp32
    from milonga.components.device_compilation.backends.onnxruntime.int8 import OnnxRuntimeInt8

    return (OnnxRuntimeFp32(), OnnxRuntimeInt8())


def find_backend(name: str) -> DeviceBackend:
    """The back end of that name.

    Raises:
        DeviceError: E640, there is none.
    """
    known = load_backends()
    for backend in known:
        if backend.name == name:
            return backend
    expected = "one of " + ", ".join(backend.name for backend in known)
    raise DeviceError("E640", f"there is no device back end '{name}'", got=name, expected=expected)
