"""Digests: their form, and copies that are compared with what was promised."""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO, Protocol

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_BLOCK_BYTES = 1 << 20


class Readable(Protocol):
    """Whatever bytes can be read from."""

    def read(self, amount: int, /) -> bytes:
        """At most `amount` bytes; none at the end."""
        ...


def is_digest(text: str) -> bool:
    """Whether `text` is a digest of a kind that can be checked here: sha256 or sha512."""
    return _DIGEST.fullmatch(text) is not None


def sha256_of(content: bytes) -> str:
    """The digest of `content`, as "sha256:..."."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_of(content: bytes, *, like: str) -> str:
    """The digest of `content` by the algorithm of the digest `like`."""
    algorithm = like.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def copied(source: Readable, sink: BinaryIO | None, *, digest: str, size_bytes: int) -> str:
    """Copy a stream and compare it with what was promised.

    Args:
        source: what is read to its end, or until it is longer than promised.
        sink: where it goes; None only compares.
        digest: what was promised.
        size_bytes: its promised length.

    Returns:
        "" when it is what was promised, else what is wrong.
    """
    algorithm = digest.partition(":")[0]
    hashed, length = hashlib.new(algorithm), 0
    while block := source.read(_BLOCK_BYTES):
        length += len(block)
        if length > size_bytes:
            return f"more than the promised {size_bytes} bytes"
        hashed.update(block)
        if sink is not None:
            sink.write(block)
    if length != size_bytes:
        return f"{length} bytes"
    found = f"{algorithm}:{hashed.hexdigest()}"
    return "" if found == digest else found


def measured(source: Readable) -> tuple[str, int]:
    """Digest and length in bytes of a stream, read to its end."""
    hashed, length = hashlib.sha256(), 0
    while block := source.read(_BLOCK_BYTES):
        hashed.update(block)
        length += len(block)
    return f"sha256:{hashed.hexdigest()}", length
