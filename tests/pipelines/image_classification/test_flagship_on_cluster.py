"""The pipeline `image-classification` on a real cluster, beside the same run on this machine.

KUBECONFIG leads to the cluster (docs/how-to/test-on-a-cluster.md). MILONGA_TEST_FLAGSHIP_IMAGE names an image in its
reach that has what the components ask for, and the digits in /data/digits (docs/how-to/flagship-on-a-cluster.md).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from milonga.compiler.trace.library import DEFAULT_IMAGE

IMAGE = os.environ.get("MILONGA_TEST_FLAGSHIP_IMAGE", "")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
    pytest.mark.skipif(not IMAGE, reason="MILONGA_TEST_FLAGSHIP_IMAGE names no image with torch and the digits"),
]
WAIT_S = 1500
SETTINGS = {
    "name": "digits",
    "latency_p95_ms": "50",  # far off, so that the size decides, which is the same on a busy machine
    "size_mib": "0.19",
    "accuracy_min": "0.5",
    "trials": "1",
    "tuning_epochs": "1",
    "epochs": "4",
    "threads": "1",
}
STEPS = {"ingest-images", "probe-device", "profile-data", "measure-levels", "tune", "train"} | {
    "compile-model",
    "evaluate",
    "deploy",
}
Verb = Callable[..., str]


@dataclass(frozen=True)
class BothRuns:
    """The same pipeline with the same settings: its run on the cluster, and the document of the one on this machine."""

    run_id: str
    source: Path
    there: dict[str, Any]
    here: dict[str, Any]


@pytest.fixture(scope="module")
def milonga(tmp_path_factory: pytest.TempPathFactory) -> Verb:
    """The command line, in a folder and with a state of its own."""
    folder = tmp_path_factory.mktemp("flagship")
    environment = {**os.environ, "MILONGA_HOME": str(folder / "home")}

    def verb(*words: str) -> str:
        command = [sys.executable, "-m", "milonga", *words]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return verb


@pytest.fixture(scope="module")
def runs(milonga: Verb, tmp_path_factory: pytest.TempPathFactory) -> BothRuns:
    folder = tmp_path_factory.mktemp("flagship-runs")
    source, images = folder / "flagship.yaml", folder / "digits"
    milonga("data", "digits", str(images))
    milonga("compile", "image-classification", "--target", "kfp", "-o", str(source))
    source.write_text(source.read_text("utf-8").replace(f'image: "{DEFAULT_IMAGE}"', f'image: "{IMAGE}"'), "utf-8")
    given = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    wait = ("--wait", "--timeout-s", str(WAIT_S))
    started = milonga("submit", str(source), "--to", "argo", "--data", "/data/digits", *given, *wait, "--json")
    run_id = json.loads(started)["run_id"]
    there = json.loads(milonga("outputs", run_id, "--to", "argo", "--json"))
    here = json.loads(milonga("run", str(source), "--data", str(images), *given, "--json"))
    return BothRuns(run_id, source, there, here)


@pytest.fixture(scope="module")
def downloaded(milonga: Verb, runs: BothRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flagship-results") / "results"
    milonga("outputs", runs.run_id, "--to", "argo", "--download", str(folder))
    return folder


@pytest.fixture
def server(milonga: Verb, downloaded: Path) -> Iterator[dict[str, Any]]:
    yield json.loads(milonga("serve", str(downloaded / "deployment"), "--background", "--port", "0", "--json"))
    milonga("serve", "--stop", "digits")


def test_the_cluster_chooses_the_level_that_this_machine_chooses(runs: BothRuns) -> None:
    there, here = runs.there["parameters"], runs.here["outputs"]
    assert there["level"] == here["level"] == 2
    assert there["accuracy"] == pytest.approx(here["accuracy"], abs=0.02)
    assert 0 < there["p50_ms"] <= there["p95_ms"] < float(SETTINGS["latency_p95_ms"])


def test_every_step_had_one_pod_of_its_own(milonga: Verb, runs: BothRuns) -> None:
    shown = json.loads(milonga("show", runs.run_id, "--to", "argo", "--json"))
    assert {task["task"]: len(task["attempts"]) for task in shown["tasks"]} == dict.fromkeys(STEPS, 1)


def test_all_artifacts_come_here(runs: BothRuns, downloaded: Path) -> None:
    assert {path.name for path in downloaded.iterdir()} == set(runs.there["artifacts"])
    table = json.loads((downloaded / "levels").read_text("utf-8"))
    assert {row["level"] for row in table["candidates"]} == {1, 2, 3, 4, 5}
    assert (downloaded / "deployment" / "inference-service.yaml").is_file()


def test_the_run_gets_the_report_of_a_run_of_this_machine(milonga: Verb, runs: BothRuns) -> None:
    milonga("outputs", runs.run_id, "--to", "argo", "--import", "--source", str(runs.source), "--json")
    found = json.loads(milonga("show", "last", "--json"))
    page = Path(found["report"]).read_text("utf-8")
    assert all(step in page for step in STEPS)


def test_the_downloaded_model_is_served(downloaded: Path, server: dict[str, Any]) -> None:
    question = urllib.request.Request(
        f"{server['url']}/v2/models/digits/infer",
        data=(downloaded / "deployment" / "request.json").read_bytes(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(question, timeout=60) as answer:
        outputs = json.load(answer)["outputs"]
    assert any(output["shape"][-1] == 10 for output in outputs)
