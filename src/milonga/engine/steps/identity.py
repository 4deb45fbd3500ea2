"""What decides the result of a step besides its inputs, kept in parts, so that a miss of the cache can be explained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Identity:
    """The work that a step does, whatever its inputs.

    Attributes:
        code: the program and everything that it reaches, as a digest or as text.
        environment: what it runs in: versions of Python and of the packages that are declared or imported, or the
            digest of an image.
        variables: declared environment variables; one from a secret has the name of the secret in place of its value.
            Only digests of them are written down.
    """

    code: str
    environment: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> dict[str, str]:
        """Part → text that changes with it, secrets as digests: what `milonga why` compares."""
        variables = {f"variable {name}": _digest(value) for name, value in sorted(self.variables.items())}
        return {"code": _short(self.code), "environment": self.environment, **variables}

    def digest(self) -> str:
        """SHA-256 over all of it."""
        return _digest(json.dumps([self.code, self.environment, sorted(self.variables.items())]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _short(text: str) -> str:
    return text if len(text) <= 64 else _digest(text)
