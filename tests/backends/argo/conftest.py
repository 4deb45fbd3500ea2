from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from api_server import ApiServer
from remote_samples import IMPATIENT

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.patience import Patience

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No cluster of this machine is reached, unless a test is about one."""
    if request.node.get_closest_marker("cluster") is None:
        for name in ("KUBECONFIG", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def recorded() -> Callable[[str], tuple[Workflow, Layout]]:
    """A Workflow as a real controller (Argo 3.7.18) has left it, and the layout of its pipeline."""

    def load(name: str) -> tuple[Workflow, Layout]:
        document = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
        return Workflow.from_json(document["workflow"]), Layout.from_json(document["layout"])

    return load


@pytest.fixture
def server() -> Iterator[ApiServer]:
    pytest.importorskip("kubernetes")
    made = ApiServer()
    yield made
    made.close()
    assert made.mistakes == []


@pytest.fixture
def kubeconfig(server: ApiServer, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server.address}}],
        "users": [{"name": "u", "user": {"token": "the-token-of-u"}}],
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "mine"}},
            {"name": "there", "context": {"cluster": "c", "user": "u", "namespace": "other"}},
        ],
        "current-context": "here",
    }
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


@pytest.fixture
def argo(kubeconfig: Path) -> Callable[..., ArgoBackend]:
    """A back end of that server: `argo(service_account="runner")`."""

    def make(patience: Patience = IMPATIENT, **settings: str) -> ArgoBackend:
        return ArgoBackend.configured({"kubeconfig": str(kubeconfig), **settings}, patience)

    return make
