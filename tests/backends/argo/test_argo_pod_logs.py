"""Logs of pods that break off, and go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from remote_samples import IMPATIENT

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.backends.argo.logs.pod_log import PodLog
from milonga.backends.call_failed import CallFailed

LINES = [
    "2026-01-01T00:00:00.1Z one\n",
    "2026-01-01T00:00:00.123456789Z two\n",
    "2026-01-01T00:00:00.123456789Z two again\n",
    "2026-01-01T00:00:01Z \xe9\n",
    '2026-01-01T00:00:02Z time="2026-01-01T00:00:02Z" level=info msg="sub-process exited" argo=true error="<nil>"\n',
    '2026-01-01T00:00:02Z time=2026-01-01T00:00:02.5Z level=INFO msg="no need to save" srcPath=/a argo=true\n',
    '2026-01-01T00:00:02Z time=2026-01-01T00:00:02.6Z level=INFO msg="sub-process exited" argo=true error=<nil>\n',
    "2026-01-01T00:00:03Z last",
]
Answers = list[tuple[int, str, bool]]


@pytest.fixture
def log_of(tmp_path: Path) -> Iterator[Callable[[Answers], PodLog]]:
    """The log of a pod behind a server that gives these answers: status, text, whether it breaks off after it."""
    pytest.importorskip("kubernetes")
    left: Answers = []
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            status, text, breaks = left.pop(0)
            data = text.encode()
            self.send_response(status)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(data), 7):
                piece = data[at : at + 7]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            if breaks:
                self.close_connection = True
                return
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    path = tmp_path / "kubeconfig"
    address = f"http://127.0.0.1:{server.server_port}"
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": address}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        ),
        "utf-8",
    )

    def make(answers: Answers) -> PodLog:
        left[:] = answers
        log = PodLog(ArgoConnection(ArgoSettings.resolved({"kubeconfig": str(path)}), IMPATIENT), "pod")
        log.asked = asked  # type: ignore[attr-defined]
        return log

    yield make
    server.shutdown()
    server.server_close()


def test_a_log_that_breaks_off_anywhere_is_told_whole_and_once(log_of) -> None:
    whole = "".join(LINES)
    for count in range(len(LINES)):
        answers = [(200, "".join(LINES[:count]), True), (200, whole, False)]
        found = list(log_of(answers).follow(lambda: False))
        assert found == ["one", "two", "two again", "\xe9", "last"], f"broken after {count} lines"


def test_a_container_that_has_not_begun_is_waited_for(log_of) -> None:
    waiting = (400, '{"message": "container is waiting to start"}', False)
    assert list(log_of([waiting, waiting, (200, LINES[0], False)]).follow(lambda: False)) == ["one"]


def test_a_container_that_never_begins_is_not_waited_for_after_the_end(log_of) -> None:
    with pytest.raises(CallFailed) as caught:
        list(log_of([(400, "{}", False)]).follow(lambda: True))
    assert caught.value.status == 400


def test_a_connection_that_always_breaks_is_given_up(log_of) -> None:
    with pytest.raises(CallFailed) as caught:
        list(log_of([(200, LINES[0], True)] * 9).follow(lambda: False))
    assert caught.value.code == "E800"


def test_a_log_is_asked_for_from_the_newest_line_on_however_old_that_is(log_of) -> None:
    log = log_of([(200, LINES[0] + LINES[3], True), (200, LINES[3] + LINES[-1], False)])
    assert list(log.follow(lambda: False)) == ["one", "\xe9", "last"]
    assert [path.partition("since")[2] for path in log.asked] == ["", "Time=2026-01-01T00%3A00%3A01Z"]


def test_a_connection_that_breaks_again_and_again_but_tells_more_each_time_is_not_given_up(log_of) -> None:
    lines = [f"2026-01-01T00:00:{second:02}Z {second}\n" for second in range(20)]
    answers = [(200, "".join(lines[: count + 1]), True) for count in range(20)]
    assert list(log_of([*answers, (200, lines[-1], False)]).follow(lambda: False)) == [str(at) for at in range(20)]


def test_what_is_read_once_is_told_up_to_where_its_connection_breaks(log_of) -> None:
    told: list[str] = []
    with pytest.raises(CallFailed) as caught:
        for line in log_of([(200, "one\ntwo\n", True)]).read():
            told.append(line)
    assert told == ["one", "two"]
    assert (caught.value.code, caught.value.is_passing) == ("E800", True)
    assert "/pods/pod/log" in caught.value.where


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_connection_is_given_back_after_reading(log_of, monkeypatch, is_whole: bool) -> None:
    closed: list[bool] = []
    opened = ArgoConnection.opened

    def watched(self: ArgoConnection, *words: Any, **options: Any) -> Any:
        response = opened(self, *words, **options)
        close = response.close
        monkeypatch.setattr(response, "close", lambda: (closed.append(True), close()))
        return response

    monkeypatch.setattr(ArgoConnection, "opened", watched)
    lines = log_of([(200, "".join(LINES), False)]).read()
    assert next(lines).endswith("one")
    if is_whole:
        assert len(list(lines)) == len(LINES) - 1
    else:
        lines.close()
    assert closed == [True]


def test_a_pod_that_is_gone_is_told_at_once(log_of) -> None:
    with pytest.raises(CallFailed) as caught:
        list(log_of([(404, "{}", False)]).follow(lambda: False))
    assert caught.value.status == 404
