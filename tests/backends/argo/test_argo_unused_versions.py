"""The lines of the page with which a person removes versions that nothing uses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from api_server import ApiServer

from milonga.backends.argo.installation import installed, installed_for_run
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.graph import Graph
from milonga.dsl.schedule import Schedule

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "schedule-on-argo.md"
REQUEST = SubmitRequest({"rows": 3})
KUBECTL = """#!{python}
import json, sys
objects = json.load(open({objects!r}))
verb, what, *rest = sys.argv[1:]
if verb == "delete":
    open({deleted!r}, "a").write(what + chr(10))
    sys.exit()
label = rest[rest.index("-l") + 1] if "-l" in rest else ""
for kind in what.split(","):
    for item in objects[kind]:
        if label and (label.lstrip("!") in item["metadata"].get("labels", {{}})) is label.startswith("!"):
            continue
        print(kind[:-1] + "/" + item["metadata"]["name"] if rest[-1] == "name" else json.dumps(item))
"""
"""As far as the lines need it: `get` with or without a label, and `delete`, which deletes nothing."""


@pytest.fixture
def unused(server: ApiServer, tmp_path: Path):
    """What the page's lines would delete."""

    def found() -> set[str]:
        kinds = ("workflows", "cronworkflows", "workflowtemplates", "configmaps")
        objects, deleted, program = tmp_path / "objects.json", tmp_path / "deleted", tmp_path / "kubectl"
        objects.write_text(json.dumps({kind: server.all(kind) for kind in kinds}), "utf-8")
        program.write_text(KUBECTL.format(python=sys.executable, objects=str(objects), deleted=str(deleted)), "utf-8")
        program.chmod(0o755)
        deleted.write_text("", "utf-8")
        (lines,) = re.findall(r"```text\n\$ (kubectl get .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(["sh", "-c", lines], cwd=tmp_path, env={**os.environ, "PATH": path}, check=True, timeout=60)
        return set(deleted.read_text("utf-8").split())

    return found


def version(graph: Graph, place: str) -> Graph:
    return replace(graph, specification=replace(graph.specification, default_pipeline_root=f"s3://{place}"))


def names(server: ApiServer) -> set[str]:
    kinds = ("workflowtemplates", "configmaps")
    return {f"{kind[:-1]}/{item['metadata']['name']}" for kind in kinds for item in server.all(kind)}


def test_what_runs_schedules_and_people_use_stays(argo, server: ApiServer, graph: Graph, unused) -> None:
    backend = argo()
    backend.add_schedule(version(graph, "scheduled"), REQUEST, Schedule("@daily", name="daily"))
    backend.submit(version(graph, "run"), REQUEST)
    backend.submit(graph, REQUEST)
    assert unused() == set()


def test_a_version_whose_runs_and_schedules_have_gone_is_deleted_and_nothing_else(
    argo, server: ApiServer, graph: Graph, unused
) -> None:
    backend = argo()
    backend.submit(graph, REQUEST)
    used = names(server)
    run = backend.submit(version(graph, "old"), REQUEST).run_id
    backend.add_schedule(version(graph, "older"), REQUEST, Schedule("@daily", name="daily"))
    backend.submit(graph, REQUEST)
    backend.delete_schedule("daily")
    server.objects = {path: item for path, item in server.objects.items() if not path.endswith(f"/{run}")}
    found = unused()
    assert found == names(server) - used and len(found) == 4


def test_parts_of_what_a_schedule_starts_stay(argo, server: ApiServer, graph: Graph, unused) -> None:
    backend = argo()
    bundle = backend.bundle(graph)
    part = {**bundle.template, "metadata": {**bundle.template["metadata"], "name": f"{bundle.name}.2"}}
    several = replace(bundle, further=(part,))
    installed_for_run(backend._connection, several)
    installed(backend._connection, bundle)
    pinned = several.named_by_content()
    assert unused() == {f"workflowtemplate/{item['metadata']['name']}" for item in (*pinned.further, pinned.template)}
    cron = {"metadata": {"name": "daily"}, "spec": {"workflowTemplateRef": pinned.name}}
    server.put("cronworkflows", cron)
    assert unused() == set()


def test_nothing_is_deleted_when_what_is_used_cannot_be_read(argo, server, graph, unused, tmp_path) -> None:
    argo().submit(graph, REQUEST)
    server.objects = {path: item for path, item in server.objects.items() if "/workflows/" not in path}
    (tmp_path / "used.yaml").mkdir()
    with pytest.raises(subprocess.CalledProcessError):
        unused()
    assert (tmp_path / "deleted").read_text("utf-8") == ""
