"""Writes real wheels: what a package index would offer."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    files: dict[str, str] | None = None,
    *,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    scripts: tuple[str, ...] = (),
    summary: str = "",
) -> Path:
    """A wheel as the standard says; by default it holds one module, with its VERSION."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = dict(files) if files is not None else {f"{name}.py": f"VERSION = {version!r}\n"}
    information = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {summary}"] if summary else []
    lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {needed}" for needed in requires]
    texts[f"{information}/METADATA"] = "\n".join(lines) + "\n"
    texts[f"{information}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        texts[f"{information}/entry_points.txt"] = "[console_scripts]\n" + "".join(f"{line}\n" for line in scripts)
    rows = [f'"{path}",sha256={_digest(text)},{len(text.encode())}' for path, text in texts.items()]
    texts[f"{information}/RECORD"] = "\n".join([*rows, f"{information}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in texts.items():
            archive.writestr(file, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
