"""A layer: a file on this machine, and the digests that name it."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from milonga.errors import UsageError
from milonga.images.descriptor import Descriptor
from milonga.images.digests import copied
from milonga.images.layers.entry import LayerEntry
from milonga.images.media_types import LAYER, LAYER_GZIP

Compression = Literal["gzip", "none"]
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Layer:
    """A written layer.

    Attributes:
        path: its file.
        descriptor: what it is.
        diff_id: its digest, uncompressed.
        number_of_files: files and links in it.
    """

    path: Path
    descriptor: Descriptor
    diff_id: str
    number_of_files: int

    @classmethod
    def write(cls, entries: Sequence[LayerEntry], path: Path, *, compression: Compression = "gzip") -> Layer:
        """Write entries, in their order, with no time, owner or machine in them.

        The bytes of "gzip" depend on the version of zlib as well; those of "none", and `diff_id`, never do.

        Raises:
            UsageError: E983 a file cannot be read or changes meanwhile, E988 there is no room for the layer.
        """
        with path.open("wb") as stream:
            compressed = _Hashed(stream)
            if compression == "gzip":
                with gzip.GzipFile("", "wb", _GZIP_LEVEL, compressed, mtime=0) as packed:
                    plain = _Hashed(packed)
                    _write_tar(entries, plain)
            else:
                plain = compressed
                _write_tar(entries, plain)
        media_type = LAYER_GZIP if compression == "gzip" else LAYER
        described = Descriptor(media_type, compressed.digest, compressed.size_bytes)
        return cls(path, described, plain.digest, sum(not entry.is_folder for entry in entries))

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        """Write the layer into `sink`.

        Raises:
            UsageError: E983, its file was changed.
        """
        with self.path.open("rb") as stream:
            wrong = copied(stream, sink, digest=descriptor.digest, size_bytes=descriptor.size_bytes)
        if wrong:
            raise UsageError("E983", "the written layer was changed", where=str(self.path), got=wrong)


class _Sink(Protocol):
    def write(self, block: bytes, /) -> int: ...


class _Hashed:
    """Passes bytes on, and counts and hashes them."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, block: bytes) -> int:
        self._hash.update(block)
        self.size_bytes += len(block)
        return self._sink.write(block)

    def flush(self) -> None:
        """For gzip, which asks for it; the stream below flushes when it is closed."""

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def _write_tar(entries: Sequence[LayerEntry], sink: _Hashed) -> None:
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for entry in entries:
            try:
                _write_entry(archive, entry)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise UsageError("E988", f"the layer cannot be written: {error.strerror}") from None
                what = error.strerror or "it changes while it is read"
                raise UsageError("E983", f"a file cannot be read: {what}", got=str(entry.source)) from None


def _write_entry(archive: tarfile.TarFile, entry: LayerEntry) -> None:
    header = tarfile.TarInfo(entry.path)
    header.mode = entry.mode
    if entry.source is None:
        header.type = tarfile.SYMTYPE if entry.target else tarfile.DIRTYPE
        header.linkname = entry.target
        archive.addfile(header)
        return
    with entry.source.open("rb") as stream:
        header.size = os.fstat(stream.fileno()).st_size
        archive.addfile(header, stream)
