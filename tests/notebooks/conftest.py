"""A real IPython kernel, as a notebook has it: cells go in, what they show comes out."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ipykernel", reason="notebooks need ipykernel")
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

TIMEOUT_S = 60


@dataclass
class Shown:
    """What one cell has shown.

    Attributes:
        text: what it printed on both streams.
        results: its displays, each the last state of it, as MIME bundles.
        updates: how often a display was changed in place.
        error: name and message of the exception it ended with, "" for none.
    """

    text: str = ""
    results: list[dict[str, Any]] = field(default_factory=list)
    updates: int = 0
    error: str = ""

    @property
    def html(self) -> str:
        return "\n".join(str(bundle.get("text/html", "")) for bundle in self.results)

    @property
    def plain(self) -> str:
        return "\n".join(str(bundle.get("text/plain", "")) for bundle in self.results)


class Kernel:
    """A kernel with an empty folder as its place of work."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def send(self, code: str) -> str:
        return self.client.execute(code, allow_stdin=False)

    def run(self, code: str) -> Shown:
        return self.gather(self.send(code))

    def gather(self, message_id: str, watch: Callable[[Shown], None] = lambda shown: None) -> Shown:
        """All that a cell shows; `watch` sees it after each change."""
        shown, displays = Shown(), {}
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return shown
            if kind == "stream":
                shown.text += content["text"]
            elif kind in ("display_data", "execute_result"):
                displays[content.get("transient", {}).get("display_id")] = len(shown.results)
                shown.results.append(content["data"])
            elif kind == "update_display_data":
                shown.updates += 1
                shown.results[displays[content["transient"]["display_id"]]] = content["data"]
            elif kind == "error":
                shown.error = f"{content['ename']}: {content['evalue']}"
            watch(shown)

    def value(self, expression: str) -> Any:
        """The value of an expression, which must be JSON."""
        shown = self.run(f"import json as __json; print(__json.dumps({expression}))")
        assert not shown.error, shown.error
        return json.loads(shown.text)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MILONGA_", "PYTEST"))}
    folder = tmp_path_factory.mktemp("kernel")
    environment |= {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PLATFORM_DIRS": "1"}
    manager = KernelManager()
    manager.start_kernel(
        cwd=str(folder),
        env=environment,
        extra_arguments=["--IPKernelApp.capture_fd_output=False", "--HistoryManager.enabled=False"],
    )
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=TIMEOUT_S)
    yield Kernel(manager, client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(started: Kernel, tmp_path: Path) -> Kernel:
    """The kernel with an empty namespace, no history, and an empty folder."""
    started.run(f"%reset -f\nimport os; os.chdir({str(tmp_path)!r})\nos.environ['MILONGA_HOME'] = {str(tmp_path)!r}")
    started.run("get_ipython().reset(new_session=True)")
    assert started.run("'run' in globals()").plain == "False"
    return started
