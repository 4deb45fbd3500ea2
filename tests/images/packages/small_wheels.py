"""Writes small wheels: what an index would offer to an image."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def write_small_wheel(
    folder: Path, name: str, version: str, *, requires: str = "", script: bool = False, tag: str = "py3-none-any"
) -> Path:
    """A wheel with one module, and perhaps a command."""
    folder.mkdir(parents=True, exist_ok=True)
    information = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    texts = {
        f"{name}.py": f"VERSION = {version!r}\n\n\ndef main():\n    print('ran', VERSION)\n",
        f"{information}/METADATA": metadata + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if script:
        texts[f"{information}/entry_points.txt"] = f"[console_scripts]\n{name}={name}:main\n"
    rows = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in texts.items())
    texts[f"{information}/RECORD"] = f"{rows}{information}/RECORD,,\n"
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in texts.items():
            archive.writestr(file, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
