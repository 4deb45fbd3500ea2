"""The log of one pod, read once or for as long as it is written."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.pods import MAIN
from milonga.backends.argo.resources import PODS
from milonga.backends.call_failed import CallFailed

_OF_ARGO = re.compile(
    r'(?=.* argo=true(?: |$))time=("[^"]*"|\S+) level=(info|debug) msg="([^"\\]|\\.)*"( \w+=("([^"\\]|\\.)*"|\S+))*',
    re.IGNORECASE,
)
"""What Argo's own program says in the same stream, as its pages leave it out too; warnings and errors stay."""

_QUIET_S = 3600.0
"""How long a pod may write nothing before the connection is made again."""


class PodLog:
    """Reads the lines of one container. Belongs to one thread.

    A broken connection is made again; no line is told twice, and none is left out that the node still has.

    Args:
        connection: the namespace.
        pod: the pod's name.
    """

    def __init__(self, connection: ArgoConnection, pod: str) -> None:
        self._connection = connection
        self._path = PODS.path(connection.namespace, pod, "log")
        self._newest = ""
        self._told = 0

    def read(self) -> Iterator[str]:
        """The lines that there are.

        Raises:
            CallFailed: E800-E808; its status is 404 when the pod is gone.
        """
        response = self._connection.opened("GET", self._path, query={"container": MAIN})
        with self._reading(response):
            for text in _lines(response):
                if not _OF_ARGO.fullmatch(text):
                    yield text

    def follow(self, is_over: Callable[[], bool]) -> Iterator[str]:
        """The lines, until the container has ended.

        Args:
            is_over: whether to stop waiting for a container that does not begin.

        Raises:
            CallFailed: E800-E808; its status is 404 when the pod is gone.
        """
        patience = self._connection.patience
        failures = 0
        while True:
            newest = self._newest
            try:
                yield from self._followed()
                return
            except CallFailed as failure:
                waits = failure.status == 400  # the container has not begun
                if (waits and is_over()) or not (waits or failure.is_passing):
                    raise
                failures = (0 if self._newest > newest else failures) + (not waits)
                if failures >= patience.attempts:
                    raise
                time.sleep(min(patience.first_pause_s * 2**failures, patience.longest_pause_s))

    def _followed(self) -> Iterator[str]:
        query = {"container": MAIN, "follow": "true", "timestamps": "true"}
        if self._newest:
            query["sinceTime"] = f"{self._newest.partition('.')[0]}Z"
        response = self._connection.opened("GET", self._path, query=query, answer_timeout_s=_QUIET_S)
        at_newest = 0
        newest_before, told_before = self._newest, self._told
        with self._reading(response):
            for line in _lines(response):
                stamp, _, text = line.partition(" ")
                key = _comparable(stamp)
                at_newest = at_newest + 1 if key == newest_before else 0
                if key < newest_before or (key == newest_before and at_newest <= told_before):
                    continue
                self._told = self._told + 1 if key == self._newest else 1
                self._newest = key
                if not _OF_ARGO.fullmatch(text):
                    yield text

    @contextlib.contextmanager
    def _reading(self, response: Any) -> Iterator[None]:
        """Close the answer at the end, and tell a connection that breaks before it in milonga's words."""
        try:
            yield
        except _broken_connections() as error:
            place = self._connection.place(self._path)
            raise CallFailed(
                "E800",
                "the connection broke while a log was read",
                outcome="unknown",
                is_passing=True,
                where=place,
                got=self._connection.shown(error),
            ) from None
        finally:
            response.close()


def _broken_connections() -> tuple[type[BaseException], ...]:
    from urllib3.exceptions import HTTPError

    return HTTPError, OSError


def _lines(response: Any) -> Iterator[str]:
    """Lines as they come: `HTTPResponse` alone gives them in pieces of its own size."""
    rest = b""
    for piece in response.stream(amt=None, decode_content=True):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


def _comparable(stamp: str) -> str:
    """A time of Kubernetes with all nine digits, those that it leaves out too, so that texts sort by time."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return f"{seconds}.{fraction:0<9}"
