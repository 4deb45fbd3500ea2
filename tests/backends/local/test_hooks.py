"""Runs that are asked for over HTTP: a real server, and everything that can be sent to it."""

from __future__ import annotations

import http.client
import json
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schedule_desk import Desk
from travelling_clock import TravellingClock

from milonga.backends.local.events.hook_server import serving_hooks
from milonga.backends.local.events.hook_token import hook_token
from milonga.backends.local.triggers.hooks import hook_path
from milonga.errors import UsageError


@dataclass
class Hooks:
    desk: Desk
    address: str
    token: str
    keys: int = 0

    def send(self, name: str = "idle", body: Any = None, *, method: str = "POST", **headers: str) -> tuple[int, Any]:
        """Send a request; `key=` is its idempotency key, `token=` and `length=` what their headers say."""
        self.keys += 1
        lines = {"Idempotency-Key": headers.get("key", f"fresh-{self.keys}")}
        lines["Authorization"] = f"Bearer {headers.get('token', self.token)}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        lines["Content-Length"] = headers.get("length", str(len(data)))
        lines = {line: value for line, value in lines.items() if value}
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=20)
        connection.putrequest(method, name if name.startswith("/") else hook_path(name))
        for line, value in lines.items():
            connection.putheader(line, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.getheader("Content-Type") == "application/json"
        return answer.status, json.loads(text)

    @property
    def count(self) -> int:
        ((count,),) = self.desk.database.rows("SELECT COUNT(*) FROM firings")
        return int(count)


@pytest.fixture
def hooks(desk) -> Iterator[Hooks]:
    here: Desk = desk("2026-05-01T06:00:00")
    with serving_hooks(0, here.places, here.clock, here.said.append) as address:
        yield Hooks(here, address, hook_token(here.places.hook_token))


def test_a_request_is_recorded_with_its_arguments(hooks: Hooks) -> None:
    made = hooks.desk.hook(path="kept", rows=2)
    status, answer = hooks.send(body={"rows": 7}, key="deploy-1")
    (firing,) = hooks.desk.all(made)
    assert (status, answer) == (202, {"firing": firing.id, "is_duplicate": False})
    assert firing.work.arguments == {"path": "kept", "rows": 7} and "deploy-1" in firing.event


def test_the_same_request_again_is_the_same_firing(hooks: Hooks) -> None:
    hooks.desk.hook()
    first = hooks.send(body={"rows": 7}, key="k")
    assert [hooks.send(body={"rows": 7}, key="k") for _ in range(3)] == [(200, {**first[1], "is_duplicate": True})] * 3
    assert hooks.count == 1
    assert hooks.send(body={"rows": 8}, key="k")[1]["error"]["code"] == "E976"
    assert hooks.send(body={"rows": 7}, key="other")[0] == 202 and hooks.count == 2


def test_many_at_once_with_one_key_are_one_firing(hooks: Hooks) -> None:
    hooks.desk.hook()
    answers: list[tuple[int, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(hooks.send(body={"rows": 1}, key="k"))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200] * 11 + [202] and hooks.count == 1


@pytest.mark.parametrize("token", ["", "x", "Bearer", "\u00e9"])
def test_without_the_token_nothing_is_done_and_nothing_is_told(hooks: Hooks, token: str) -> None:
    hooks.desk.hook()
    for name in ("idle", "nothing"):
        status, answer = hooks.send(name, {"rows": 1}, token=token)
        assert status == 401 and answer["error"]["code"] == "E973"
        assert hooks.token not in json.dumps(answer)
    assert hooks.count == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "E974"),
        (b"\xff\xfe", 400, "E974"),
        (b"[1]", 400, "E974"),
        (b'"rows"', 400, "E974"),
        (b'{"rows": NaN}', 400, "E974"),
        (b'{"rows": 1e999}', 400, "E974"),
        (b'{"rows": 1, "rows": 2}', 400, "E974"),
        (b"[" * 100_000, 400, "E974"),
        (b'{"rows": ' + b"9" * 5000 + b"}", 400, "E974"),
        (b'{"rows": "seven"}', 422, "E904"),
        (b'{"rowz": 7}', 422, "E902"),
        (b'{"": 7}', 422, "E902"),
    ],
)
def test_garbage_is_named_and_starts_nothing(hooks: Hooks, body: bytes, status: int, code: str) -> None:
    hooks.desk.hook()
    answer = hooks.send(body=body)
    assert answer[0] == status and answer[1]["error"]["code"] == code and len(json.dumps(answer[1])) < 1000
    assert hooks.count == 0 and hooks.desk.said == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=30).map(lambda text: json.dumps({"path": text}).encode())))
def test_any_body_gets_an_answer(hooks: Hooks, body: bytes) -> None:
    hooks.desk.hook()
    before = hooks.count
    status, answer = hooks.send(body=body)
    assert status in (202, 400, 422) and ("firing" in answer) == (status == 202)
    assert hooks.count == before + (status == 202) and hooks.desk.said == []


@pytest.mark.parametrize(
    ("request_headers", "status"),
    [
        ({"key": ""}, 400),
        ({"key": "x" * 256}, 400),
        ({"key": "with space"}, 400),
        ({"length": ""}, 411),
        ({"length": "-1"}, 411),
        ({"length": "1048577"}, 413),
        ({"length": "9" * 30}, 413),
    ],
)
def test_headers_that_cannot_be_are_refused(hooks: Hooks, request_headers: dict[str, str], status: int) -> None:
    hooks.desk.hook()
    answer = hooks.send(body=b"", **request_headers)
    assert answer[0] == status and answer[1]["error"]["code"] == "E974" and hooks.count == 0


def test_a_large_body_is_taken_up_to_the_limit(hooks: Hooks) -> None:
    hooks.desk.hook()
    assert hooks.send(body={"path": "x" * 1_000_000})[0] == 202


@pytest.mark.parametrize("path", ["/", "/hooks/", "/hooks/nothing", "/hooks/idle/more", "/../hooks/idle", "/hooks"])
def test_other_paths_are_nothing(hooks: Hooks, path: str) -> None:
    hooks.desk.hook()
    status, answer = hooks.send(path, {})
    assert status == 404 and answer["error"]["code"] == "E975"


def test_a_schedule_of_times_is_no_hook(hooks: Hooks) -> None:
    hooks.desk.add("0 * * * *", name="timed")
    assert hooks.send("timed", {})[0] == 404


def test_a_paused_hook_says_so_and_still_knows_what_it_took(hooks: Hooks) -> None:
    made = hooks.desk.hook()
    first = hooks.send(body={}, key="k")
    hooks.desk.backend.pause_schedule(made.id)
    status, answer = hooks.send(body={})
    assert status == 409 and answer["error"]["code"] == "E975" and "resume" in answer["error"]["hint"]
    assert hooks.send(body={}, key="k") == (200, {**first[1], "is_duplicate": True})


@pytest.mark.parametrize("name", ["a/b", "it's {{x}}", "two\nlines", "\N{SNOWMAN}", "100%", "?q=1#f", "../x"])
def test_names_of_hooks_are_data(hooks: Hooks, name: str) -> None:
    from milonga.backends.local.triggers import HookTrigger
    from milonga.backends.submit_request import SubmitRequest

    backend = hooks.desk.backend
    draft = backend.draft(hooks.desk.graph, SubmitRequest(), HookTrigger(), name=name, arguments={}, max_concurrency=1)
    made = backend.kept.add(draft)
    assert hooks.send(name, {})[0] == 202 and made.timing == f"POST {hook_path(name)}"


@pytest.mark.parametrize("path", ["/hooks/%FF", "/hooks/caf%E9", "/hooks/%ED%A0%80", "/hooks/%00", "/hooks/%C3"])
def test_a_path_that_is_no_text_is_no_hook(hooks: Hooks, path: str) -> None:
    status, answer = hooks.send(path, {})
    assert (status, answer["error"]["code"], hooks.count) == (404, "E975", 0)


def test_an_error_that_nobody_foresaw_is_answered_too(desk) -> None:
    here: Desk = desk("2026-05-01T06:00:00")
    here.hook()

    class StoppedClock(TravellingClock):
        def now(self) -> datetime:
            raise ArithmeticError("no time")

    clock = StoppedClock("2026-05-01T06:00:00")
    with serving_hooks(0, here.places, clock, here.said.append) as address:
        sender = Hooks(here, address, hook_token(here.places.hook_token))
        for _ in range(2):
            status, answer = sender.send(body={})
            assert (status, answer["error"]["code"], sender.count) == (500, "E990", 0)
    assert len(here.said) == 2 and "ArithmeticError" in here.said[0]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_nothing_but_post_is_taken(hooks: Hooks, method: str) -> None:
    hooks.desk.hook()
    status, answer = hooks.send(body={}, method=method)
    assert status == 405 and answer["error"]["code"] == "E974" and hooks.count == 0


@pytest.mark.parametrize(
    "sent", [b"garbage\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n"]
)
def test_what_is_no_http_does_not_end_the_server(hooks: Hooks, sent: bytes) -> None:
    hooks.desk.hook()
    address = urlsplit(hooks.address)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            pass
    assert hooks.send(body={})[0] == 202


def test_callers_that_go_away_or_never_finish_keep_nobody_waiting(hooks: Hooks) -> None:
    hooks.desk.hook()
    address = urlsplit(hooks.address)
    lost = [socket.create_connection((address.hostname or "", address.port or 0)) for _ in range(30)]
    head = f"POST /hooks/idle HTTP/1.1\r\nAuthorization: Bearer {hooks.token}\r\nIdempotency-Key: a\r\n"
    for number, connection in enumerate(lost):
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode()[: number * 9])
    assert hooks.send(body={})[0] == 202
    for connection in lost:
        connection.close()
    assert hooks.send(body={})[0] == 202 and hooks.count == 2


def test_it_listens_on_this_machine_alone(hooks: Hooks) -> None:
    assert hooks.address.startswith("http://127.0.0.1:")


def test_the_token_is_its_owners_alone_and_stays(hooks: Hooks) -> None:
    path = hooks.desk.places.hook_token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(hooks.token) >= 32
    assert hook_token(path) == hooks.token
    path.chmod(0o640)
    with pytest.raises(UsageError) as caught:
        hook_token(path)
    assert caught.value.code == "E971" and hooks.token not in str(caught.value)


@pytest.mark.parametrize("content", ["", "short", "with space in it and long enough to be a token", "\udcff"])
def test_a_file_that_holds_no_token_is_refused(desk, content: str) -> None:
    path = desk("2026-05-01T06:00:00").places.hook_token
    path.parent.mkdir(parents=True)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(UsageError) as caught:
        hook_token(path)
    assert caught.value.code == "E971"


def test_a_port_that_is_taken_is_an_error(hooks: Hooks) -> None:
    port = urlsplit(hooks.address).port or 0
    with pytest.raises(UsageError) as caught:
        with serving_hooks(port, hooks.desk.places, hooks.desk.clock, print):
            raise AssertionError("two servers on one port")
    assert caught.value.code == "E972"


def test_a_damaged_file_of_schedules_is_an_answer_too(hooks: Hooks) -> None:
    hooks.desk.hook()
    hooks.desk.database.close()
    hooks.desk.places.database.unlink()
    for ending in ("-wal", "-shm"):
        hooks.desk.places.database.with_name(f"schedules.sqlite{ending}").unlink(missing_ok=True)
    hooks.desk.places.database.write_bytes(b"no database at all" * 100)
    status, answer = hooks.send(body={})
    assert status == 503 and answer["error"]["code"] == "E473" and len(hooks.desk.said) == 1
