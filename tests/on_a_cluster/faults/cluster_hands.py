"""A person's hands on a cluster: milonga's own command, kubectl, and patience."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
HERE = Path(__file__).parent
WORKFLOW = "workflows.argoproj.io/workflow"
NODE_NAME = "workflows.argoproj.io/node-name"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class ClusterHands:
    """Starts runs in one namespace, and deletes them in the end.

    Args:
        namespace: where runs are started.
        folder: where commands write.
        flows: where the files of pipelines are.
        settings: further variables of milonga's commands.
    """

    namespace: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    flows: Path = HERE
    runs: list[str] = field(default_factory=list)

    @classmethod
    def made(cls, folder: Path) -> ClusterHands:
        """Hands in the namespace that the environment names, as in the other tests on a cluster."""
        asked = ["kubectl", "config", "view", "--minify", "-o", "jsonpath={.contexts[0].context.namespace}"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        return cls(os.environ.get("MILONGA_ARGO_NAMESPACE") or told or "default", folder)

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """milonga's command, begun."""
        environment = {**os.environ, "MILONGA_ARGO_NAMESPACE": self.namespace, **self.settings}
        return subprocess.Popen(
            [sys.executable, "-m", "milonga", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def milonga(self, *arguments: str, timeout_s: float = 300) -> Ended:
        process = self.command(*arguments)
        try:
            out, err = process.communicate(timeout=timeout_s)
        finally:
            process.kill()
        return Ended(process.returncode, out, err)

    def submit(self, flow: str, *arguments: str, reuse: bool = False) -> str:
        """Start a run of `FILE:NAME`; earlier results are used only if `reuse` says so."""
        fresh = () if reuse else ("--no-cache",)
        done = self.milonga("submit", f"{self.flows / flow}", "--to", "argo", "--json", *fresh, *arguments)
        assert done.code == 0, done.err
        run = str(done.json["run_id"])
        self.runs.append(run)
        return run

    @contextmanager
    def waiting(self, *arguments: str) -> Iterator[WaitingCommand]:
        """A command that waits for a run, killed in the end."""
        command = WaitingCommand(self.command(*arguments))
        try:
            yield command
        finally:
            command.process.kill()
            command.process.communicate()

    def show(self, run: str) -> dict[str, Any]:
        done = self.milonga("show", run, "--to", "argo", "--json")
        assert done.code == 0, done.err
        document: dict[str, Any] = done.json
        return document

    def outputs(self, run: str) -> dict[str, Any]:
        done = self.milonga("outputs", run, "--to", "argo", "--json")
        assert done.code == 0, done.err
        document: dict[str, Any] = done.json
        return document

    def task(self, shown: dict[str, Any], path: str) -> dict[str, Any]:
        """A task of what `show` has said."""
        (found,) = [task for task in shown["tasks"] if task["task"] == path]
        return dict(found)

    def failed_attempts(self, run: str) -> list[str]:
        """Names of the nodes of pods that have failed."""
        nodes = ((self.workflow(run).get("status") or {}).get("nodes") or {}).values()
        return [node["name"] for node in nodes if node["type"] == "Pod" and node.get("phase") in ("Failed", "Error")]

    def ended(self, run: str, *, timeout_s: float = 900) -> dict[str, Any]:
        """The run as `milonga show --json` has it when it has ended."""
        self.until(lambda: self.phase(run) in ("Succeeded", "Failed", "Error"), f"the end of {run}", timeout_s)
        return self.show(run)

    def phase(self, run: str) -> str:
        return str((self.workflow(run).get("status") or {}).get("phase") or "")

    def workflow(self, run: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.kubectl("get", "workflow", run, "-o", "json"))
        return document

    def pods(self, run: str) -> dict[str, dict[str, Any]]:
        """The pods of a run by name of their node: `RUN.write(0)`."""
        found = json.loads(self.kubectl("get", "pods", "-l", f"{WORKFLOW}={run}", "-o", "json"))["items"]
        return {pod["metadata"]["annotations"][NODE_NAME].partition(".")[2]: pod for pod in found}

    def log(self, pod: str) -> str:
        return self.kubectl("logs", pod, "-c", "main", check=False)

    def wrote(self, run: str, node: str, words: str, *, timeout_s: float = 300) -> str:
        """The name of a node's pod once its log has these words."""

        def look() -> str:
            pod = self.pods(run).get(node)
            return pod["metadata"]["name"] if pod and words in self.log(pod["metadata"]["name"]) else ""

        return self.until(look, f"'{words}' in the log of {node}", timeout_s)

    def delete_pod(self, pod: str, *how: str) -> None:
        """Delete a running pod, not before it is 20 s old.

        Argo makes a pod that is gone once more, under the same name, while its node is younger than ten seconds; only
        later does it take the loss for a failure.
        """

        def is_old() -> bool:
            asked = ("get", "pod", pod, "-o", "jsonpath={.metadata.creationTimestamp}")
            made = datetime.strptime(self.kubectl(*asked), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
            return (datetime.now(timezone.utc) - made).total_seconds() > 20

        self.until(is_old, f"pod {pod} to be 20 s old")
        self.kubectl("delete", "pod", pod, "--wait=false", *(how or ("--grace-period=5",)))

    def until(self, look: Callable[[], T], what: str, timeout_s: float = 300, *, pause_s: float = 1.0) -> T:
        """What a look gives once it gives something."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(pause_s)
        raise AssertionError(f"not seen within {timeout_s:g} s: {what}")

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True) -> str:
        command = ["kubectl", "--namespace", self.namespace, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, (command, done.stderr)
        return done.stdout

    def apply(self, *documents: dict[str, Any]) -> None:
        """Make objects, or make them say this."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.kubectl("apply", "-f", "-", text=json.dumps(items))

    def set_mode(self, mode: str) -> None:
        """What the steps of the fault flows do from now on: "wait", "fail" or "whole"."""
        metadata = {"name": "milonga-fault-mode"}
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"mode": mode}})

    def clean(self) -> None:
        """Delete the runs; their pods go with them."""
        if self.runs:
            self.kubectl("delete", "workflow", "--ignore-not-found", "--wait=false", *self.runs, check=False)


class WaitingCommand:
    """A command that is still running; what it says on stderr is kept in a file of the process's own.

    Args:
        process: the command.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        import threading

        self.process = process
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    @property
    def text(self) -> str:
        return "".join(self.said)

    def end(self, timeout_s: float) -> Ended:
        """Wait for its end."""
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        assert self.process.stdout is not None
        return Ended(code, self.process.stdout.read(), self.text)
