"""Whether a failed connection failed because of the server's certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator


def is_untrusted(error: BaseException) -> bool:
    """Whether the verification of a certificate is behind `error`.

    HTTP libraries wrap the cause several times: as an argument, a `reason`, or the exception that was being handled.
    Any other failure of TLS may have come after something was sent, and may pass.
    """
    return any(isinstance(found, ssl.SSLCertVerificationError) for found in _behind(error))


def _behind(error: BaseException) -> Iterator[BaseException]:
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
