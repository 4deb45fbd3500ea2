"""The HTTP server of hooks: `POST /hooks/NAME`, on this machine only.

Requests are answered in threads of their own, each with a connection of its own to the schedules; nothing is shared but
the token. Nobody without the token gets a body read. Every answer is one JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from milonga.backends.local.clock import Clock
from milonga.backends.local.events.hook_refused import HookRefused
from milonga.backends.local.events.hook_requests import (
    BODY_MAX,
    accept,
    checked_key,
    read_arguments,
    require_token,
    schedule_name,
)
from milonga.backends.local.events.hook_token import hook_token
from milonga.backends.local.places import Places
from milonga.errors import MilongaError, UsageError, internal_error

_ADDRESS = "127.0.0.1"
_PATIENCE_S = 10


@dataclass(frozen=True, slots=True)
class _Hooks:
    """What every request is answered with."""

    token: str
    places: Places
    clock: Clock
    say: Callable[[str], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody who goes away in the middle of a request is no news."""


class _Handler(BaseHTTPRequestHandler):
    server_version = "milonga"
    sys_version = ""
    timeout = _PATIENCE_S

    def __init__(self, hooks: _Hooks, *arguments: Any) -> None:
        self._hooks = hooks
        super().__init__(*arguments)  # answers the request

    def do_POST(self) -> None:
        """Accept a request, or say why not."""
        try:
            require_token(self.headers.get("Authorization", ""), self._hooks.token)
            name = schedule_name(self.path)
            key = checked_key(self.headers.get("Idempotency-Key"))
            arguments = read_arguments(self._body())
            accepted = accept(self._hooks.places, self._hooks.clock, name, key, arguments)
        except HookRefused as refusal:
            self._answer(refusal.status, {"error": refusal.to_json()})
        except MilongaError as error:
            self._hooks.say(f"hook: {error}")
            self._answer(503, {"error": error.to_json()})
        except (ConnectionError, TimeoutError):
            raise  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - a caller who hears nothing would send the same for ever
            failure = internal_error(f"{type(error).__name__}: {error}")
            self._hooks.say(f"hook: {failure}")
            self._answer(500, {"error": failure.to_json()})
        else:
            status = 200 if accepted.is_duplicate else 202
            self._answer(status, {"firing": accepted.firing, "is_duplicate": accepted.is_duplicate})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise HookRefused(411, "E974", "the request has no length", expected="Content-Length")
        if len(length) > 10 or int(length) > BODY_MAX:
            raise HookRefused(413, "E974", "the body is too large", got=length[:20], expected=f"at most {BODY_MAX}")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise HookRefused(400, "E974", "the body is shorter than its length says")
        return body

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document, sort_keys=True).encode()
        self.close_connection = True  # a body that was not read would be taken for the next request
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "POST")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the HTTP library refuses by itself, as JSON too: other methods, and what is no HTTP."""
        self.command = self.command or "POST"
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else code
        refusal = HookRefused(status, "E974", message or "this is no request that can be understood", expected="POST")
        self._answer(status, {"error": refusal.to_json()})

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what is accepted is told when it starts."""


@contextmanager
def serving_hooks(port: int, places: Places, clock: Clock, say: Callable[[str], None]) -> Iterator[str]:
    """Answer requests in the background; gives the address, such as `http://127.0.0.1:8787`.

    Args:
        port: 0 takes a free one.
        places: whose hooks.
        clock: what time it is.
        say: called with a line for people when something goes wrong here.

    Raises:
        UsageError: E971 the token, E972 the port is taken.
    """
    hooks = _Hooks(hook_token(places.hook_token), places, clock, say)
    try:
        server = _Server((_ADDRESS, port), partial(_Handler, hooks))
    except OSError as error:
        raise UsageError(
            "E972", f"hooks cannot be served on port {port}: {error.strerror}", hint="--port 0 takes a free one"
        ) from None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True, name="milonga-hooks")
    thread.start()
    try:
        yield f"http://{_ADDRESS}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
