"""A request to a hook that starts nothing."""

from __future__ import annotations

from milonga.errors import UsageError


class HookRefused(UsageError):
    """What is wrong with a request, and the HTTP status that says so.

    Attributes:
        status: the status of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, *, got: str = "", expected: str = "", hint: str = ""
    ) -> None:
        super().__init__(code, message, got=got, expected=expected, hint=hint)
        self.status = status
