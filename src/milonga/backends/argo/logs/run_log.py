"""The logs of a run: of all of its pods at once, while they write."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.logs.pod_log import PodLog
from milonga.backends.argo.looks import layout_of, workflow_named
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.pods import Pod, pods_of
from milonga.backends.argo.run_tasks import tasks_of
from milonga.backends.argo.task_paths import tasks_named
from milonga.backends.call_failed import CallFailed
from milonga.backends.log_line import LogLine
from milonga.errors import UsageError

Write = Callable[[LogLine], None]
_READERS_MAX = 64
"""How many pods are followed at the same time; the others are read when one of them ends."""
_LOOK_S = 1.0
_MARK = re.compile(r"\[(?P<path>.+?)(?: #(?P<attempt>\d+))?\] ")
"""What stands before a line of a task that shares its pod."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A pod with a log: whose, and which attempt."""

    task: TaskNode
    attempt: int
    pod: str


def read_logs(connection: ArgoConnection, run_id: str, write: Write, *, task: str = "", attempt: int = 0) -> int:
    """Everything that a task, or all of them, have written so far.

    Returns:
        How many tasks had a log that could be read.

    Raises:
        UsageError: E913, E953, no such task; E948, no such attempt.
        CallFailed: E800-E808; E812, there is no such run; E834, the log of the one task is gone.
    """
    workflow = workflow_named(connection, run_id)
    tasks = tasks_of(connection, workflow, layout_of(connection, workflow))
    chosen = [found for found in tasks_named(workflow, tasks, task) if found.attempts]
    pods = pods_of(connection, workflow.name)
    count = 0
    for found in chosen:
        number = attempt or len(found.attempts)
        if number > len(found.attempts):
            if not task:
                continue
            got = f"{len(found.attempts)} attempts"
            raise UsageError("E948", f"'{found.path}' of run {run_id} has no attempt {attempt}", expected=got)
        is_only = bool(task) and len(chosen) == 1
        count += _read(connection, found, number, pods, write, is_only=is_only)
    return count


def _read(
    connection: ArgoConnection, task: TaskNode, number: int, pods: Mapping[str, Pod], write: Write, *, is_only: bool
) -> bool:
    node = task.attempts[number - 1]
    pod = pods.get(node.id)
    try:
        if pod is None:
            raise _gone(task, "its pod was deleted")
        if not pod.has_begun:
            return False
        for line in _lines(task, number, PodLog(connection, pod.name).read()):
            write(line)
    except CallFailed as failure:
        if failure.status != 404 or is_only:
            raise
        return False
    return True


def _lines(task: TaskNode, number: int, texts: Iterable[str]) -> Iterator[LogLine]:
    """The lines of a task. A pod with several tasks says before each line whose it is."""
    if not task.together:
        yield from (LogLine(task.path, number, text) for text in texts)
        return
    if not task.holder:
        yield from (_of_member(text) or LogLine(task.path, number, text) for text in texts)
        return
    mark = f"[{task.path}] " if number == 1 else f"[{task.path} #{number}] "
    yield from (LogLine(task.path, number, text[len(mark) :]) for text in texts if text.startswith(mark))


def _of_member(text: str) -> LogLine | None:
    found = _MARK.match(text)
    return LogLine(found["path"], int(found["attempt"] or 1), text[found.end() :]) if found is not None else None


def _gone(task: TaskNode, reason: str) -> CallFailed:
    return CallFailed(
        "E834",
        f"the log of '{task.path}' is gone",
        outcome="refused",
        is_passing=False,
        status=404,
        got=reason,
        hint="the cluster's own collection of logs may have it; podGC in the Workflow says when pods are deleted",
    )


class FollowedRun:
    """Follows the pods of a run until it has ended: one thread a pod, one line at a time.

    Args:
        connection: the namespace.
        run_id: which run.
        write: called with each line, never by two threads at once.
        task: the task, or group, to follow; "" for all.
    """

    def __init__(self, connection: ArgoConnection, run_id: str, write: Write, *, task: str = "") -> None:
        self._connection = connection
        self._run_id = run_id
        self._write = write
        self._task = task
        self._writing = threading.Lock()
        self._room = threading.Semaphore(_READERS_MAX)
        self._has_ended = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._failures: list[CallFailed] = []

    def until_ended(self) -> None:
        """Return when the run, or the task, has ended and everything is told.

        Raises:
            UsageError: E913, E953, the run has ended without such a task.
            CallFailed: E800-E808; E812, there is no such run.
        """
        try:
            while not self._look():
                time.sleep(_LOOK_S)
        finally:
            self._has_ended.set()
        for thread in self._threads.values():
            thread.join()
        if self._failures:
            raise self._failures[0]

    def start(self) -> Callable[[], None]:
        """Follow in a thread of its own, which never fails.

        Returns:
            What waits until everything is told.
        """

        def work() -> None:
            with contextlib.suppress(CallFailed, UsageError):
                self.until_ended()

        thread = threading.Thread(target=work, name=f"logs of {self._run_id}", daemon=True)
        thread.start()
        return thread.join

    def _look(self) -> bool:
        """Begin to follow what is new; whether nothing more will come."""
        workflow = workflow_named(self._connection, self._run_id)
        tasks = tasks_of(self._connection, workflow, layout_of(self._connection, workflow))
        chosen = self._chosen(workflow, tasks)
        has_ended = workflow.has_ended or (bool(self._task) and bool(chosen) and all(map(_has_ended, chosen)))
        pods = pods_of(self._connection, self._run_id)
        for found in chosen:
            for number, node in enumerate(found.attempts, 1):
                pod = pods.get(node.id)
                if pod is None:
                    continue
                key = f"{pod.name} {found.path}" if found.holder and self._task else pod.name
                if key not in self._threads and (pod.has_begun or not has_ended):
                    self._begin(key, _Source(found, number, pod.name))
        return has_ended

    def _chosen(self, workflow: Workflow, tasks: tuple[TaskNode, ...]) -> tuple[TaskNode, ...]:
        try:
            return tasks_named(workflow, tasks, self._task)
        except UsageError:
            if workflow.has_ended:
                raise
            return ()  # it may come

    def _begin(self, key: str, source: _Source) -> None:
        thread = threading.Thread(target=self._followed, args=(source,), name=f"log of {source.task.path}", daemon=True)
        self._threads[key] = thread
        thread.start()

    def _followed(self, source: _Source) -> None:
        with self._room:
            try:
                texts = PodLog(self._connection, source.pod).follow(self._has_ended.is_set)
                task = source.task if self._task else replace(source.task, holder="")
                for line in _lines(task, source.attempt, texts):
                    with self._writing:
                        self._write(line)
            except CallFailed as failure:
                if failure.status not in (400, 404):  # it never began, or is gone: nothing more to tell
                    self._failures.append(failure)


def _has_ended(task: TaskNode) -> bool:
    return task.state not in ("PENDING", "RUNNING")
