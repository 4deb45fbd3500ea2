"""A store that is slow: as long as something comes, an object may take any time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import Repository
from milonga.backends.call_failed import CallFailed
from milonga.backends.patience import Patience

PIECES, PIECE = 12, b"x" * 70_000
PATIENCE = Patience(connect_timeout_s=5.0, answer_timeout_s=1.0, attempts=1, outage_s=1.0)


@pytest.fixture
def slow() -> Iterator[Callable[[float], Bucket]]:
    """A store that waits so long before each piece of its one object."""
    pytest.importorskip("obstore")
    pause_s = [0.0]
    ends = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in (
                ("Content-Length", str(PIECES * len(PIECE))),
                ("ETag", '"1"'),
                ("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT"),
            ):
                self.send_header(name, value)
            self.end_headers()
            for _ in range(PIECES):
                if ends.wait(pause_s[0]):
                    return
                self.wfile.write(PIECE)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def make(pause: float) -> Bucket:
        pause_s[0] = pause
        address = f"http://127.0.0.1:{server.server_port}"
        return Bucket(
            Repository(kind="s3", bucket="b", endpoint=address, region="r", access_key="a", secret_key="s"), PATIENCE
        )

    yield make
    ends.set()
    server.shutdown()
    server.server_close()


def test_an_object_may_take_longer_than_one_answer_as_long_as_something_comes(
    slow: Callable[[float], Bucket], tmp_path: Path
) -> None:
    began = time.monotonic()
    assert slow(0.15).fetch("key", tmp_path / "object")
    assert (tmp_path / "object").stat().st_size == PIECES * len(PIECE)
    assert time.monotonic() - began > PATIENCE.answer_timeout_s


def test_a_store_that_sends_nothing_any_more_is_given_up(slow: Callable[[float], Bucket], tmp_path: Path) -> None:
    with pytest.raises(CallFailed) as caught:
        slow(60.0).fetch("key", tmp_path / "object")
    assert caught.value.code == "E836"
