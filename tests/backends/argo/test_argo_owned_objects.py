"""What only runs that know some results use belongs to them: Kubernetes removes it with the last of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api_server import ApiServer
from recording_server import Answer

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.ownership import owned_by_run
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.known_results import KnownResult

REQUEST = SubmitRequest({"rows": 3})
KINDS = ("configmaps", "workflowtemplates")


@pytest.fixture
def knowing(argo, graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ArgoBackend]:
    """A back end that has found the result of the first step: `knowing().submit(graph, REQUEST)`."""

    def make() -> ArgoBackend:
        backend: ArgoBackend = argo()
        slug = next(iter(backend.bundle(graph).layout.leaves))
        found = {slug: KnownResult({}, "uid-of-another-run")}
        monkeypatch.setattr("milonga.backends.argo.backend.known_results", lambda *_: found)
        return backend

    return make


def owners(server: ApiServer) -> dict[str, list[str]]:
    """Names of the runs that own something, by its name."""
    objects = [item["metadata"] for kind in KINDS for item in server.all(kind)]
    return {item["name"]: [owner["name"] for owner in item.get("ownerReferences", ())] for item in objects}


def without(server: ApiServer, run_id: str) -> None:
    """Delete a run, and what Kubernetes removes with it: what had owners and has none of them any more."""
    server.objects = {path: item for path, item in server.objects.items() if not path.endswith(f"/{run_id}")}
    there = {item["metadata"]["uid"] for item in server.objects.values()}

    def stays(item: dict[str, Any]) -> bool:
        owned = item["metadata"].get("ownerReferences") or []
        return not owned or any(owner["uid"] in there for owner in owned)

    server.objects = {path: item for path, item in server.objects.items() if stays(item)}


def test_a_run_without_known_results_owns_nothing(argo, server, graph) -> None:
    argo().submit(graph, REQUEST)
    assert len(owners(server)) == 4 and not any(owners(server).values())


def test_a_run_with_known_results_takes_its_own_objects_with_it(argo, knowing, server, graph) -> None:
    argo().submit(graph, REQUEST)
    others = set(owners(server))
    run = knowing().submit(graph, REQUEST).run_id
    own = {name for name, found in owners(server).items() if found}
    assert len(own) == 2 and not own & others
    (workflow,) = [item for item in server.all("workflows") if item["metadata"]["name"] == run]
    code = workflow["metadata"]["annotations"]["milonga.dev/code"]
    assert {workflow["spec"]["workflowTemplateRef"]["name"], code} == own
    (reference,) = next(
        item["metadata"]["ownerReferences"] for item in server.all("configmaps") if item["metadata"]["name"] == code
    )
    uid = workflow["metadata"]["uid"]
    assert reference == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "name": run, "uid": uid}
    without(server, run)
    assert set(owners(server)) == others


def test_what_two_runs_use_stays_until_the_last_has_gone(knowing, server, graph) -> None:
    runs = [knowing().submit(graph, REQUEST).run_id for _ in range(2)]
    own = {name for name, found in owners(server).items() if found == runs}
    assert len(own) == 2
    without(server, runs[0])
    assert own <= set(owners(server))
    without(server, runs[1])
    assert not own & set(owners(server))


def test_what_went_with_an_earlier_run_in_between_is_made_again(knowing, server, graph) -> None:
    backend = knowing()
    shared = backend.bundle(graph)
    first, second = (backend.submit(graph, REQUEST).run_id for _ in range(2))
    own = {name for name, found in owners(server).items() if found}
    server.objects = {path: item for path, item in server.objects.items() if path.rpartition("/")[2] not in own}
    slug = next(iter(shared.layout.leaves))
    owned_by_run(
        backend._connection, second, backend.bundle(graph, {slug: KnownResult({}, "uid-of-another-run")}), shared
    )
    assert {name: found for name, found in owners(server).items() if name in own} == {name: [second] for name in own}
    assert first != second


def test_an_object_that_changes_in_between_is_read_again(knowing, server, graph) -> None:
    modified = Answer(409, {"message": "the object has been modified"})
    server.fail("configmaps/", method="PATCH", answer=modified)
    knowing().submit(graph, REQUEST)
    assert sum(1 for found in owners(server).values() if found) == 2


def test_a_run_is_started_though_its_objects_may_not_be_changed(knowing, server, graph) -> None:
    server.fail("configmaps/|workflowtemplates/", method="PATCH", times=100, answer=Answer(403, {"message": "no"}))
    run = knowing().submit(graph, REQUEST).run_id
    assert [item["metadata"]["name"] for item in server.all("workflows")] == [run]
    assert not any(owners(server).values())
