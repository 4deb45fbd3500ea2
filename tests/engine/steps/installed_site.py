"""A folder of installed packages that is filled by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """A folder on the search path."""

    folder: Path

    def install(self, name: str, version: str, files: Mapping[str, str] | None = None, *, record: bool = True) -> None:
        """Put a distribution in place of its other versions; by default it holds one module, with its VERSION."""
        for old in self.folder.glob(f"{name}-*.dist-info"):
            shutil.rmtree(old)
        self.add(name, version, files, record=record)

    def add(self, name: str, version: str, files: Mapping[str, str] | None = None, *, record: bool = True) -> None:
        """The same, and other versions keep their metadata, as after an interrupted installation."""
        texts = dict(files) if files is not None else {f"{name}.py": f"VERSION = {version!r}\n"}
        texts[f"{name}-{version}.dist-info/METADATA"] = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nx\n"
        )
        if record:
            texts[f"{name}-{version}.dist-info/RECORD"] = "".join(f'"{path}",,\n' for path in texts)
        for path, text in texts.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> Path:
        """A file that belongs to no distribution."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file
