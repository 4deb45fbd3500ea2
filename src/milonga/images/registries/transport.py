"""HTTP with the habits that registries need: redirects without credentials, reads that are tried again."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.__about__ import __version__
from milonga.errors import RemoteError
from milonga.images.registries.answer import Answer

_TIMEOUT_S = 60.0
_PAUSES_S = (0.2, 0.4, 0.8, 1.6)
_LONGEST_PAUSE_S = 15.0
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
TRANSPORT_ERRORS = (OSError, http.client.HTTPException)
"""What a connection that breaks raises."""

Body = bytes | Path | None


def is_local(host: str) -> bool:
    """Whether a host, with or without a port, is this machine."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name in ("localhost", "::1") or name.startswith("127.")


class Transport:
    """Sends requests, and tries them again when the connection or the server fails for a moment.

    Everything that is sent can be sent twice: content has the name of its digest.
    Certificates and proxies are those of the environment (SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY, NO_PROXY).

    Args:
        is_verified: whether certificates are checked.
        pauses_s: how long to wait before each new try, in seconds.
    """

    def __init__(self, *, is_verified: bool = True, pauses_s: Sequence[float] = _PAUSES_S) -> None:
        self.pauses_s = tuple(pauses_s)
        self._is_verified = is_verified
        self._openers: dict[tuple[str, bool], urllib.request.OpenerDirector] = {}

    def send(self, method: str, url: str, headers: Mapping[str, str], body: Body = None) -> Answer:
        """Send a request; any status is an answer.

        Args:
            method: of HTTP.
            url: where to.
            headers: "Authorization" among them is not sent to the other hosts that an answer may lead to.
            body: bytes, or a file that is sent.

        Raises:
            RemoteError: E820, nobody answers.
        """
        for pause_s in (*self.pauses_s, None):
            try:
                answer = self.send_once(method, url, headers, body)
            except TRANSPORT_ERRORS as error:
                if pause_s is None or _is_lasting(error):
                    raise unreachable(url, error) from None
                time.sleep(pause_s)
                continue
            if answer.status not in _PASSING or pause_s is None:
                return answer
            answer.close()
            time.sleep(_asked_pause_s(answer, pause_s))
        raise AssertionError("the last try returns or raises")

    def send_once(
        self, method: str, url: str, headers: Mapping[str, str], body: Body = None, *, timeout_s: float = _TIMEOUT_S
    ) -> Answer:
        """Send a request once.

        Raises:
            OSError: nobody answers, as `http.client.HTTPException` also says.
        """
        with contextlib.ExitStack() as open_files:
            data: Any = body
            if isinstance(body, Path):
                data = open_files.enter_context(body.open("rb"))
            request = urllib.request.Request(url, data=data, method=method)
            request.add_header("User-Agent", f"milonga/{__version__}")
            for name, value in headers.items():
                if name == "Authorization":
                    request.add_unredirected_header(name, value)
                else:
                    request.add_header(name, value)
            if isinstance(body, Path):
                request.add_header("Content-Length", str(body.stat().st_size))
            try:
                response = self._opener(url).open(request, timeout=timeout_s)
            except urllib.error.HTTPError as error:
                return Answer(error.code, error.headers, url, error)
            return Answer(response.status, response.headers, response.url, response)

    def _opener(self, url: str) -> urllib.request.OpenerDirector:
        """What sends requests of that kind; certificates are read once, and only where there is TLS."""
        parts = urllib.parse.urlsplit(url)
        kind = (parts.scheme, is_local(parts.netloc))
        if kind not in self._openers:
            handlers: list[urllib.request.BaseHandler] = [_Redirects()]
            if parts.scheme == "https" or not self._is_verified:
                handlers.append(urllib.request.HTTPSHandler(context=self._context()))
            if is_local(parts.netloc):
                handlers.append(urllib.request.ProxyHandler({}))
            self._openers[kind] = urllib.request.build_opener(*handlers)
        return self._openers[kind]

    def _context(self) -> ssl.SSLContext:
        if self._is_verified:
            return ssl.create_default_context()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows reads only, never to a less safe protocol, and with credentials to the same host only."""

    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        before, after = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        method = req.get_method()
        if method not in ("GET", "HEAD") or after.scheme not in ("https", before.scheme):
            return None
        kept = {name: value for name, value in req.headers.items() if name.lower() != "host"}
        new = urllib.request.Request(newurl, headers=kept, method=method, unverifiable=True)
        authorization = req.get_header("Authorization")
        if authorization and (before.scheme, before.netloc) == (after.scheme, after.netloc):
            new.add_unredirected_header("Authorization", authorization)
        return new


def unreachable(url: str, error: BaseException) -> RemoteError:
    """The error that says nobody answers at `url`."""
    reason = getattr(error, "reason", None) or error
    refused = isinstance(reason, ssl.SSLCertVerificationError)
    return RemoteError(
        "E820",
        "the certificate of the registry is not trusted" if refused else "the registry does not answer",
        where=host_of(url),
        got=getattr(reason, "strerror", None) or str(reason) or type(reason).__name__,
        hint="SSL_CERT_FILE names a file of certificates to trust"
        if refused
        else "is the name right, and the network?",
    )


def host_of(url: str) -> str:
    """Host and port of an address, and nothing else of it: queries may be secret."""
    return urllib.parse.urlsplit(url).netloc.rpartition("@")[2]


def _is_lasting(error: BaseException) -> bool:
    """Whether another try cannot help."""
    reason = getattr(error, "reason", None) or error
    return isinstance(reason, ssl.SSLCertVerificationError | http.client.InvalidURL | ValueError)


def _asked_pause_s(answer: Answer, usual_s: float) -> float:
    text = answer.header("Retry-After")
    return min(max(usual_s, float(text)), _LONGEST_PAUSE_S) if text.isascii() and text.isdigit() else usual_s
