"""Every error that milonga raises on purpose.

    MilongaError                     code, kind, message, where, got, expected, hint
    ├── AuthoringError        E1xx   a mistake in a component or pipeline function; carries all findings
    ├── InvalidPipeline       E2xx   a file or graph that is no valid pipeline
    ├── UnsupportedByTarget   E3xx   a target cannot express a construct of this pipeline
    ├── RunError              E4xx   a run, a task or the store of runs
    │   ├── TaskFailed        E41x   the user's code, or its process, failed
    │   └── StoreError        E42x   the run store is damaged, locked, full or of another version
    ├── DataError             E5xx   a data set is absent, empty, corrupt or of the wrong shape
    ├── DeviceError           E6xx   a device, its runtime or its limits
    │   └── LimitNotMet       E61x   measured, and over the limit; never relaxed silently
    ├── ServingError          E7xx   deployment and serving
    ├── RemoteError           E8xx   somebody else's system answered with a failure
    └── UsageError            E9xx   a wrong command line, argument file or setting
        └── MissingExtra      E910   an optional dependency is not installed

`kind` tells who must act: "user" (the input is wrong), "system" (milonga or this machine), "remote".
Nothing in this module knows how an error is shown; `milonga.cli` does.
This module imports the standard library only: it travels into every task.
"""

from __future__ import annotations

import importlib
from typing import Any, Literal

Kind = Literal["user", "system", "remote"]


class MilongaError(Exception):
    """A failure with a stable code that says what, where, got, expected and what to do.

    Args:
        code: stable identifier such as "E203"; docs/reference/errors.md is keyed by it.
        message: one sentence, what is wrong.
        where: file and line, task path or document path; "" when there is none.
        got: what was found, as the user would write it.
        expected: what would have been right.
        hint: what to do next.
    """

    kind: Kind = "user"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
        kind: Kind | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.got = got
        self.expected = expected
        self.hint = hint
        if kind is not None:
            self.kind = kind

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.message}"]
        for label, text in (("at", self.where), ("got", self.got), ("expected", self.expected), ("hint", self.hint)):
            if text:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders by pickle; keyword-only arguments need this help."""
        return (_rebuild, (type(self), self.__dict__.copy()))

    def _render_traceback_(self) -> Any:
        """What IPython prints in place of a traceback: an error that says where and why needs no frames of ours."""
        return importlib.import_module("milonga.reporting.notebook").error_lines(self)

    def to_json(self) -> dict[str, str]:
        """The error as a flat JSON object, empty fields left out."""
        fields = {
            "code": self.code,
            "kind": self.kind,
            "message": self.message,
            "where": self.where,
            "got": self.got,
            "expected": self.expected,
            "hint": self.hint,
        }
        return {key: value for key, value in fields.items() if value}


def _rebuild(cls: type[MilongaError], state: dict[str, Any]) -> MilongaError:
    error = cls.__new__(cls)
    Exception.__init__(error, state.get("message", ""))
    error.__dict__.update(state)
    return error


def internal_error(what: str) -> MilongaError:
    """What is said about an error that nobody foresaw."""
    return MilongaError(
        "E990",
        f"an error inside milonga: {what}",
        hint="MILONGA_DEBUG=1 shows where; please report it with what you ran",
        kind="system",
    )


class AuthoringError(MilongaError):
    """Mistakes in the author's Python, all of them at once.

    Attributes:
        findings: one `MilongaError` a mistake, each with the author's file and line.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
        findings: tuple[MilongaError, ...] = (),
    ) -> None:
        super().__init__(code, message, where=where, got=got, expected=expected, hint=hint)
        self.findings = findings

    def __str__(self) -> str:
        if not self.findings:
            return super().__str__()
        return "\n".join([self.message, *(str(finding) for finding in self.findings)])

    @classmethod
    def from_findings(cls, pipeline: str, findings: list[MilongaError]) -> AuthoringError:
        """One error that carries all of `findings`, which must not be empty."""
        first = findings[0]
        if len(findings) == 1:
            return cls(
                first.code,
                first.message,
                where=first.where,
                got=first.got,
                expected=first.expected,
                hint=first.hint,
                findings=(first,),
            )
        message = f"{len(findings)} mistakes in pipeline '{pipeline}'"
        return cls(first.code, message, where=first.where, findings=tuple(findings))


class InvalidPipeline(MilongaError):
    """A file or graph that is not a valid pipeline."""


class UnsupportedByTarget(MilongaError):
    """A target cannot express a construct; never ignored, never downgraded."""


class RunError(MilongaError):
    """A run cannot start, go on or be read."""


class TaskFailed(RunError):
    """The user's code, or the process around it, failed."""


class StoreError(RunError):
    """The run store is damaged, locked, full or of another version."""

    kind: Kind = "system"


class DataError(MilongaError):
    """A data set is absent, empty, corrupt or of the wrong shape."""


class DeviceError(MilongaError):
    """A device, its runtime or its limits."""


class LimitNotMet(DeviceError):
    """Something was measured and is over its limit."""


class ServingError(MilongaError):
    """Deployment and serving."""


class RemoteError(MilongaError):
    """Another system answered with a failure."""

    kind: Kind = "remote"


class UsageError(MilongaError):
    """A wrong command line, argument file or setting."""


class MissingExtra(UsageError):
    """An optional dependency is not installed."""

    @classmethod
    def of(cls, package: str, extra: str, purpose: str) -> MissingExtra:
        """The error that names the extra to install for `purpose`."""
        return cls(
            "E910",
            f"{purpose} needs the package '{package}', which is not installed",
            hint=f"pip install 'milonga[{extra}]'",
        )
