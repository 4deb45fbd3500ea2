"""A real HTTP server in a thread that keeps what it was asked, checks it, and fails when it is told to."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")


@dataclass(frozen=True)
class Answer:
    """What goes back. `body` is sent as JSON, or as it is when it is text."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The server says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Fault:
    """What goes wrong with the requests that match, for `times` of them.

    kinds: "answer" (instead of doing it), "drop" (close without doing it), "lose" (do it, close without an answer),
    "slow" (do it after `seconds`).
    """

    pattern: str
    kind: str
    times: int = 1
    answer: Answer = field(default_factory=lambda: Answer(503, {"error": {"message": "try again"}}))
    seconds: float = 0.0
    method: str = ""

    def takes(self, request: Request) -> bool:
        matches = re.search(self.pattern, request.path) and self.method in ("", request.method)
        return self.times > 0 and bool(matches)


class RecordingServer:
    """Answers by `handle`, which subclasses write; every request and every broken rule is kept.

    With a file that holds a certificate and its key, it speaks TLS.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[Request] = []
        self.mistakes: list[str] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two writes: the second would wait 40 ms

            def do_GET(self) -> None:
                outer.serve(self)

            do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.address = f"https://localhost:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def fail(self, pattern: str, kind: str = "answer", **details: Any) -> None:
        self.faults.append(Fault(pattern, kind, **details))

    def asked(self, method: str, pattern: str) -> list[Request]:
        """The requests so far whose path matches."""
        return [item for item in self.requests if item.method == method and re.search(pattern, item.path)]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(
            handler.command, unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body
        )
        with self.lock:
            self.requests.append(request)
            fault = next((item for item in self.faults if item.takes(request)), None)
            if fault is not None:
                fault.times -= 1
        if fault is not None and fault.kind == "drop":
            handler.close_connection = True
            handler.connection.close()
            return
        if fault is not None and fault.kind == "slow":
            time.sleep(fault.seconds)
        answer = fault.answer if fault is not None and fault.kind == "answer" else self._answered(request)
        if fault is not None and fault.kind == "lose":
            handler.close_connection = True
            handler.connection.close()
            return
        self._send(handler, answer)

    def _answered(self, request: Request) -> Answer:
        with self.lock:
            try:
                return self.handle(request)
            except Refused as refused:
                return Answer(refused.status, self.error_body(refused))

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        is_text = isinstance(answer.body, str)
        data = answer.body.encode() if is_text else json.dumps(answer.body if answer.body is not None else {}).encode()
        try:
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Type", "text/html" if is_text else "application/json")
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True  # the client did not wait

    def error_body(self, refused: Refused) -> Any:
        return {"error": {"code": refused.status, "message": refused.message, "status": "X"}}

    def handle(self, request: Request) -> Answer:
        raise NotImplementedError

    def route(self, request: Request, routes: dict[tuple[str, str], Callable[..., Any]]) -> Answer:
        """The answer of the first route whose method and whole path match; its groups are arguments."""
        for (method, pattern), function in routes.items():
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                return Answer(200, function(request, *found.groups()))
        self.mistakes.append(f"no such method: {request.method} {request.path}")
        raise Refused(404, "no such method")

    def require(self, condition: bool, mistake: str) -> None:
        """A rule of the published interface; what breaks it is refused, and fails the test."""
        if not condition:
            self.mistakes.append(mistake)
            raise Refused(400, mistake)
