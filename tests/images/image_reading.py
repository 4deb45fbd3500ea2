"""An independent reader of OCI images, for tests: the standard library and the specification."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any


class ReadImage:
    """The first image of a layout, a folder or a tar. Every digest and size is checked."""

    def __init__(self, path: Path) -> None:
        self.files = _files(path)
        self.index = json.loads(self.files["index.json"])
        assert json.loads(self.files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
        self.entry: dict[str, Any] = self.index["manifests"][-1]
        self.manifest: dict[str, Any] = json.loads(self.content(self.entry))
        self.config: dict[str, Any] = json.loads(self.content(self.manifest["config"]))
        self.layers = [self._layer(index, entry) for index, entry in enumerate(self.manifest["layers"])]
        assert len(self.layers) == len(self.config["rootfs"]["diff_ids"])

    @property
    def digest(self) -> str:
        return str(self.entry["digest"])

    def content(self, descriptor: dict[str, Any]) -> bytes:
        algorithm, _, text = descriptor["digest"].partition(":")
        content = self.files[f"blobs/{algorithm}/{text}"]
        assert hashlib.new(algorithm, content).hexdigest() == text
        assert len(content) == descriptor["size"]
        return content

    def _layer(self, index: int, descriptor: dict[str, Any]) -> dict[str, tarfile.TarInfo]:
        content = self.content(descriptor)
        if descriptor["mediaType"].endswith("+gzip"):
            content = gzip.decompress(content)
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == self.config["rootfs"]["diff_ids"][index]
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return {member.name: member for member in archive.getmembers()}

    def text(self, name: str) -> str:
        """A file of the last layer."""
        content = self.content(self.manifest["layers"][-1])
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            member = archive.extractfile(name)
            assert member is not None
            return member.read().decode()

    def unpack(self, folder: Path) -> None:
        """All layers, one over the other."""
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.content(layer))) as archive:
                archive.extractall(folder, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))  # type: ignore[arg-type]


def _files(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*") if one.is_file()}
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}  # type: ignore[union-attr]
