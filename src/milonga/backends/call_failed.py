"""The failure of one request to a remote system, with what it says about repeating it."""

from __future__ import annotations

from typing import Literal

from milonga.errors import RemoteError

Outcome = Literal["unsent", "refused", "unknown"]


class CallFailed(RemoteError):
    """One request failed.

    Attributes:
        outcome: "unsent", it never reached the system; "refused", the system has answered and done nothing;
            "unknown", it may have had its effect.
        is_passing: whether the same request may well succeed a little later.
        status: the HTTP status, 0 when there was no answer.
        retry_after_s: how long the system asks to wait, in seconds; 0 when it does not say.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        outcome: Outcome,
        is_passing: bool,
        status: int = 0,
        retry_after_s: float = 0.0,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(code, message, where=where, got=got, expected=expected, hint=hint)
        self.outcome = outcome
        self.is_passing = is_passing
        self.status = status
        self.retry_after_s = retry_after_s
