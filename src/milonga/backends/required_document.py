"""What a back end cannot keep is not sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.schedules.base import Translation
from milonga.errors import UnsupportedByTarget


def required_document(translation: Translation) -> Mapping[str, Any]:
    """The document of a translation.

    Raises:
        UnsupportedByTarget: E310, there is none; it carries the first reason.
    """
    if translation.document is not None:
        return translation.document
    reason = next(finding for finding in translation.findings if finding.severity == "error")
    raise UnsupportedByTarget(
        reason.code, reason.message, where=reason.where, got=reason.got, expected=reason.expected, hint=reason.hint
    )
