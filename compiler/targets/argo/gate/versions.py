"""The lines of Argo Workflows that the gate knows."""

from __future__ import annotations

from milonga.errors import UnsupportedByTarget

VERSIONS = ("3.7", "4.0", "4.1")
"""Oldest first."""


def known_version(version: str) -> str:
    """The version itself.

    Raises:
        UnsupportedByTarget: E320, not one of `VERSIONS`.
    """
    if version in VERSIONS:
        return version
    raise UnsupportedByTarget(
        "E320",
        "the rules of this version of Argo Workflows are not known",
        got=repr(version)[:40],
        expected=", ".join(VERSIONS),
    )
