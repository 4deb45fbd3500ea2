"""The API server goes away while somebody waits for a run: the run goes on, and so does the wait, for a while."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cluster_hands import ClusterHands
from dying_proxy import DyingProxy

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.call_failed import CallFailed
from milonga.backends.patience import Patience
from milonga.backends.waiting import ended_run

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]


@pytest.fixture
def proxy(hands: ClusterHands, tmp_path: Path) -> Iterator[DyingProxy]:
    """Between milonga's commands and the API server, by a kubeconfig of their own; kubectl goes straight on."""
    told = subprocess.run(
        ["kubectl", "config", "view", "--raw", "--minify", "--flatten", "-o", "json"], capture_output=True, check=True
    )
    document = json.loads(told.stdout)
    cluster = document["clusters"][0]["cluster"]
    server = urlsplit(cluster["server"])
    made = DyingProxy(server.hostname or "", server.port or 443)
    cluster["server"] = f"{server.scheme}://127.0.0.1:{made.port}"
    if server.hostname != "127.0.0.1":
        cluster["tls-server-name"] = server.hostname
    file = tmp_path / "kubeconfig-of-the-proxy"
    file.write_text(json.dumps(document), "utf-8")
    hands.settings["MILONGA_ARGO_KUBECONFIG"] = str(file)
    yield made
    made.die()


def test_a_wait_outlasts_an_api_server_that_is_away_for_a_while(hands: ClusterHands, proxy: DyingProxy) -> None:
    run = hands.submit("fault_flows.py:fault_naps", "--seconds", "1")
    with hands.waiting("submit", "--to", "argo", "--attach", run, "--wait", "--logs") as command:
        hands.until(lambda: "RUNNING" in command.text, "the wait's first look")
        proxy.die()
        time.sleep(20)
        proxy.come_back()
        ended = command.end(400)
    assert ended.code == 0 and f"{run} SUCCEEDED" in ended.out, ended.text
    assert "Traceback" not in ended.text and hands.outputs(run)["parameters"] == {"Output": 9}


def test_a_wait_ends_with_a_clear_error_when_the_api_server_stays_away(hands: ClusterHands, proxy: DyingProxy) -> None:
    run = hands.submit("fault_flows.py:fault_naps", "--seconds", "1")
    settings = {"namespace": hands.namespace, "kubeconfig": hands.settings["MILONGA_ARGO_KUBECONFIG"]}
    backend = ArgoBackend.configured(settings, Patience(poll_s=0.5, longest_poll_s=1, outage_s=5))
    assert backend.status(run).state in ("PENDING", "RUNNING")
    proxy.die()
    begin = time.monotonic()
    with pytest.raises(CallFailed) as caught:
        ended_run(backend, run)
    assert caught.value.code == "E800" and time.monotonic() - begin < 30
    shown = hands.milonga("show", run, "--to", "argo", "--json")
    assert shown.code != 0 and "E800" in shown.err and "Traceback" not in shown.err
    proxy.come_back()
    assert ended_run(backend, run, timeout_s=400).state == "SUCCEEDED"
