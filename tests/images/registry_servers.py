"""Real registries for tests: docker's own, and a door before it that asks for tokens and can fail."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

USER, PASSWORD = "dancer", "open sesame"
HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n"
TOKEN = "a-token-that-nobody-may-see"


@contextmanager
def registry(folder: Path, *, with_users: bool = False) -> Iterator[str]:
    """docker's registry on a free port; its host and port."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("the program docker-registry is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    settings: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": host},
    }
    if with_users:
        (folder / "users").write_text(HTPASSWD)
        settings["auth"] = {"htpasswd": {"realm": "the registry", "path": str(folder / "users")}}
    (folder / "registry.yml").write_text(json.dumps(settings))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "registry.yml")], stdout=log, stderr=log)
    try:
        _wait_for(host, process)
        yield host
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(host: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the registry ended"
        try:
            urllib.request.urlopen(f"http://{host}/v2/", timeout=5).close()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the registry does not answer")


@dataclass
class Door:
    """A server before a registry. It asks for a bearer token, and fails as it is told.

    `faults` are (part of the path, kind): the next request whose path has that part fails so. Kinds: "503", "cut" (the
    body ends early), "other" (another body of the same length), "away" (a redirect to `elsewhere`), "403".
    """

    behind: str
    asks_for_tokens: bool = False
    token_scheme: str = "Bearer"
    faults: list[tuple[str, str]] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    elsewhere: str = ""
    host: str = ""

    def paths(self, method: str) -> list[str]:
        return [path for seen_method, path, _ in self.seen if seen_method == method]

    def fault(self, path: str) -> str:
        for index, (part, kind) in enumerate(self.faults):
            if part in path:
                del self.faults[index]
                return kind
        return ""

    @contextmanager
    def opened(self) -> Iterator[Door]:
        door = self

        class Handler(_Handler):
            pass

        Handler.door = door
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.host = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    door: Door
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: the second would wait 40 ms

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization") or ""
        self.door.seen.append((self.command, self.path, authorization))
        if self.path.startswith("/token"):
            self._give_token(authorization, body)
            return
        if self.door.asks_for_tokens and authorization != f"Bearer {TOKEN}":
            realm = f'realm="http://{self.door.host}/token",service="the, service"'
            self._reply(401, {"WWW-Authenticate": f"{self.door.token_scheme} {realm}"}, b'{"errors":[{"code":"NO"}]}')
            return
        kind = self.door.fault(self.path)
        if kind in ("503", "403"):
            self._reply(int(kind), {}, b'{"errors":[{"code":"TOOBAD","message":"no luck"}]}')
        elif kind == "away":
            self._reply(307, {"Location": f"http://{self.door.elsewhere}{self.path}"}, b"")
        else:
            self._pass_on(body, kind)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _answer

    def _give_token(self, authorization: str, body: bytes) -> None:
        basic = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
        form = urllib.parse.parse_qs(body.decode())
        refreshed = form.get("refresh_token") == ["an-identity-token"]
        if authorization == basic or refreshed:
            self._reply(200, {}, json.dumps({"access_token" if refreshed else "token": TOKEN}).encode())
        else:
            self._reply(401, {}, b'{"details":"incorrect username or password"}')

    def _pass_on(self, body: bytes, kind: str) -> None:
        connection = http.client.HTTPConnection(self.door.behind, timeout=20)
        headers = {name: value for name, value in self.headers.items() if name not in ("Authorization",)}
        connection.request(self.command, self.path, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if kind == "other":
            content = content[:-1] + bytes([content[-1] ^ 1])
        kept = {name: value for name, value in response.headers.items() if name not in ("Content-Length", "Connection")}
        if kind == "cut":
            self._reply(response.status, kept, content[: len(content) // 2], length=len(content))
            self.close_connection = True
            return
        length = int(response.headers.get("Content-Length") or 0) if self.command == "HEAD" else len(content)
        self._reply(response.status, kept, content, length=length)

    def _reply(self, status: int, headers: dict[str, str], content: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
