"""Which folders a layer may describe, and which it leaves as the base has them."""

from __future__ import annotations

from collections.abc import Iterator

_OF_THE_BASE = frozenset(
    (
        *("bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys"),
        *("tmp", "usr/lib32", "usr/lib64", "usr/libx32", "var/lock", "var/mail", "var/run", "var/spool", "var/tmp"),
    )
)
"""They may be links in the base (`lib`), or have other modes (`tmp`); an entry would replace both."""


def described_folders(path: str) -> Iterator[str]:
    """The folders above `path` that get entries of their own, the highest first.

    Without an entry, some programs make a missing folder that nobody but root can read. With one, the mode and the
    owner of a folder that exists are replaced. So folders that every system has, and those of users, get none.
    """
    parts = path.split("/")
    for length in range(1, len(parts)):
        folder = "/".join(parts[:length])
        if is_described(folder):
            yield folder


def is_described(folder: str) -> bool:
    """Whether a folder gets an entry of its own."""
    parts = folder.split("/")
    return bool(folder) and folder not in _OF_THE_BASE and not (parts[0] == "home" and len(parts) == 2)
