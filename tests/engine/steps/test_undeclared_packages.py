"""A package that a step imports is in its key, although its author has not declared it."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from installed_site import Site

from milonga.engine.cache.explanation import explained
from milonga.engine.home import Home
from milonga.lineage import LineageStore

FLOW = """
from milonga import component, pipeline

@component
def use() -> str:
    import somelib
    return somelib.VERSION

@pipeline
def pipe() -> str:
    return use()
"""


@pytest.mark.slow
def test_an_installed_package_of_a_new_version_is_a_miss_that_names_it(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    (site_folder,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    site, flow = Site(site_folder), tmp_path / "flow.py"
    flow.write_text(FLOW)
    variables = {**os.environ, "MILONGA_HOME": str(tmp_path / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    variables["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)

    def milonga(*arguments: str) -> Any:
        command = [str(tmp_path / "venv" / "bin" / "python"), "-m", "milonga", *arguments, "--json"]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    verdicts = []
    for version in ("1.0", "1.0", "2.0"):
        site.install("somelib", version)
        assert milonga("run", f"{flow}:pipe", "-q")["outputs"] == {"Output": version}
        why = milonga("why", "last", "use")
        verdicts.append(why["verdict"])
    assert verdicts == ["miss", "hit", "miss"]
    (change,) = why["differences"]
    assert change["kind"] == "environment"
    assert change["before"].endswith("; somelib 1.0") and change["after"].endswith("; somelib 2.0")
    assert change["after"].startswith("python 3.")


def pipeline_of_kfp(image: str) -> Any:
    pytest.importorskip("kfp")
    from kfp import dsl

    @dsl.component(base_image=image)
    def use() -> str:
        import somelib

        return somelib.VERSION

    @dsl.pipeline(name="pipe")
    def pipe() -> str:
        return use().output

    return pipe


def test_the_same_holds_for_components_of_kfp_whose_image_does_not_count(play, home: Path, site: Site) -> None:
    hits = []
    for version, image in (("1.0", "python:3.11"), ("1.0", "python:3.12"), ("2.0", "python:3.12")):
        site.install("somelib", version)
        result = play(pipeline_of_kfp(image)).raise_for_state()
        assert result.outputs == {"Output": version}
        hits.append(result.tasks["use"].cached)
    assert hits == [False, True, False]
    store = LineageStore(Home(home).database)
    task = store.task(store.runs()[0].id, "use")
    assert task is not None
    (change,) = explained(store, Home(home), task).differences
    parts = store.identity_parts(task.identity)["environment"].split("; ")
    store.close()
    assert change.kind == "environment" and "somelib 1.0 → " in change.text and change.text.endswith("somelib 2.0")
    assert [part.partition(" ")[0] for part in parts] == ["python", "kfp", "somelib"]
