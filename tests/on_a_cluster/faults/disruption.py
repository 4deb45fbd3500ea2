"""Killing the controller of a cluster that nobody else uses.

Where it runs as a pod, its pod is deleted, and its Deployment makes another. Where it runs as a process of this machine
for the cluster of KUBECONFIG, the process is killed and started again: same program, arguments, variables, folder,
log and network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "MILONGA_TEST_DISRUPTION"
PROGRAM = "workflow-controller"

disruptive = pytest.mark.skipif(
    os.environ.get(VARIABLE) != "1",
    reason=f"{VARIABLE}=1 says that this cluster's controller may be killed: nobody else uses it",
)


@dataclass(frozen=True)
class Killed:
    """A controller that was killed.

    Attributes:
        restart: starts it again, and returns when that is done.
        how: what it was.
    """

    restart: Callable[[], None]
    how: str


def controller_killed() -> Killed:
    """Kill the controller at once, so that it can put nothing in order.

    A test is skipped where there is neither a pod nor a process of it that this user may kill.
    """
    pod = _pod()
    if pod is not None:
        return _killed_pod(*pod)
    process = _process()
    if process is None:
        pytest.skip(f"no pod and no process of this machine is the {PROGRAM}")
    return _killed_process(process)


def _pod() -> tuple[str, str] | None:
    for item in json.loads(_kubectl("get", "pods", "--all-namespaces", "-o", "json"))["items"]:
        if any(Path(container["image"].split(":")[0]).name == PROGRAM for container in item["spec"]["containers"]):
            return item["metadata"]["namespace"], item["metadata"]["name"]
    return None


def _killed_pod(namespace: str, name: str) -> Killed:
    _kubectl("delete", "pod", "-n", namespace, name, "--grace-period=0", "--force")
    return Killed(lambda: None, f"pod {namespace}/{name}")  # its Deployment makes another


def _process() -> int | None:
    """The process that serves the cluster of KUBECONFIG."""
    wanted = Path(os.environ["KUBECONFIG"]).resolve()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (entry / "cmdline").read_bytes().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if Path(arguments[0]).name == PROGRAM and any(Path(word).resolve() == wanted for word in arguments[1:] if word):
            return int(entry.name)
    return None


def _killed_process(id: int) -> Killed:
    place = Path(f"/proc/{id}")
    arguments = (place / "cmdline").read_bytes().decode().rstrip("\0").split("\0")
    variables = (place / "environ").read_bytes().decode().rstrip("\0").split("\0")
    environment = dict(item.split("=", 1) for item in variables if "=" in item)
    folder, log = (place / "cwd").readlink(), (place / "fd" / "2").readlink()
    network = os.open(place / "ns" / "net", os.O_RDONLY)  # keeps it, whatever becomes of the process
    os.kill(id, signal.SIGKILL)
    while place.exists() and (place / "status").read_text().split("State:")[1].split()[0] != "Z":
        time.sleep(0.05)

    def restart() -> None:
        output = log.open("ab") if log.is_file() else subprocess.DEVNULL
        process = subprocess.Popen(
            ["nsenter", f"--net=/proc/self/fd/{network}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=folder,
            pass_fds=(network,),
            start_new_session=True,
        )
        os.close(network)
        noted = log.with_suffix(".pid")  # who started it finds it by this
        if noted.is_file() and noted.read_text().strip() == str(id):
            noted.write_text(str(process.pid))

    return Killed(restart, f"process {id}")


def _kubectl(*arguments: str) -> str:
    return subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=True).stdout
