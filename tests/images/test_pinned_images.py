"""`--pin-images`: what is compiled or sent names its images by the digests that a real registry has for them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from registry_servers import PASSWORD, USER, Door

from milonga.cli.main import run_command_line
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.passes.pinned_images import PinnedImages
from milonga.errors import RemoteError
from milonga.images import ImageRecipe, ImageReference, ResolvedImages, build_image, resolved_images
from milonga.images.destinations.registry_push import RegistryPush
from milonga.images.layers.addition import Addition

DIGEST = "sha256:" + "0b" * 32
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast on files with code in them
FLOW = """
from milonga import component, pipeline

@component(image="{host}/team/steps:1")
def double(number: int) -> int:
    return 2 * number

@component(image="{other}")
def half(number: int) -> int:
    return number // 2

@pipeline
def flow(number: int = 1) -> int:
    return half(double(double(number)))
"""
FILE = """
pipelineInfo: {name: mixed}
schemaVersion: 2.1.0
root:
  inputDefinitions:
    parameters: {image: {parameterType: STRING, defaultValue: "busybox:1"}}
  dag:
    tasks:
      plain: {taskInfo: {name: plain}, componentRef: {name: comp-plain}}
      again: {taskInfo: {name: again}, componentRef: {name: comp-plain}}
      chosen:
        taskInfo: {name: chosen}
        componentRef: {name: comp-chosen}
        inputs: {parameters: {image: {componentInputParameter: image}}}
      fixed: {taskInfo: {name: fixed}, componentRef: {name: comp-fixed}}
      volume: {taskInfo: {name: volume}, componentRef: {name: comp-volume}}
      job: {taskInfo: {name: job}, componentRef: {name: comp-job}}
components:
  comp-plain: {executorLabel: exec-plain}
  comp-chosen:
    executorLabel: exec-chosen
    inputDefinitions: {parameters: {image: {parameterType: STRING}}}
  comp-fixed: {executorLabel: exec-fixed}
  comp-volume: {executorLabel: exec-volume}
  comp-job: {executorLabel: exec-job}
deploymentSpec:
  executors:
    exec-plain: {container: {image: "HOST/team/steps:1", command: [echo]}}
    exec-chosen: {container: {image: "{{$.inputs.parameters['image']}}", command: [echo]}}
    exec-fixed: {container: {image: "HOST/team/steps:1@DIGEST", command: [echo]}}
    exec-volume: {container: {image: argostub/createpvc}}
    exec-job:
      customJob:
        customJob: {jobSpec: {workerPoolSpecs: [{containerSpec: {imageUri: "HOST/team/tools"}, replicaCount: "1"}]}}
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-plain:
          INIT: [{name: first, image: "HOST/team/tools:latest", command: [cp]}]
          imagePullPolicy: Always
"""


@pytest.fixture
def pushed(project: Path) -> Callable[[str], str]:
    """Pushes a small image under a name; its digest."""

    def push(reference: str) -> str:
        recipe = ImageRecipe(base="scratch", additions=[Addition(project, f"/{reference.rpartition('/')[2]}")])
        return build_image(recipe, RegistryPush(ImageReference.parse(reference))).digest

    return push


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """The command line in a folder with a pipeline: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run_command_line(list(words))
        return code, out.getvalue(), err.getvalue()

    return run


def mixed(host: str, init: str = "initContainers") -> Graph:
    text = FILE.replace("HOST", host).replace("@DIGEST", f"@{DIGEST}").replace("INIT", init)
    return Graph.from_documents(parse_documents(text))


def images_in(text: str) -> set[str]:
    return {
        str(item)
        for key, item in _items(list(yaml.load_all(text, Loader=LOADER)))
        if key == "image" and isinstance(item, str)
    }


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [*value.items(), *(pair for item in value.values() for pair in _items(item))]
    return [pair for item in value for pair in _items(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("target", ["kfp", "argo", "argo-workflow", "vertex", "kfp-manifest"])
def test_every_target_gets_images_by_their_digests(
    target: str, registry_host: str, pushed: Callable[[str], str], command: Callable[..., Any], tmp_path: Path
) -> None:
    steps, tools = pushed(f"{registry_host}/team/steps:1"), pushed(f"{registry_host}/team/tools:latest")
    text = FLOW.format(host=registry_host, other=f"{registry_host}/team/tools")
    (tmp_path / "flow.py").write_text(text, "utf-8")
    code, out, err = command("compile", "flow.py", "--target", target, "--pin-images")
    assert code == 0, err
    wanted = {f"{registry_host}/team/steps@{steps}", f"{registry_host}/team/tools@{tools}"}
    assert wanted <= images_in(out) if target != "vertex" else all(image in out for image in wanted)
    assert "team/steps:1" not in out and "E256" not in err
    assert "image 2 of 2: " in err and f"{registry_host}/team/steps:1 is {registry_host}/team/steps@{steps}" in err
    assert command("compile", "flow.py", "--target", target, "--pin-images")[1] == out


def test_what_a_file_with_all_kinds_of_images_says_afterwards(registry_host: str, pushed: Callable[[str], str]) -> None:
    steps, tools = pushed(f"{registry_host}/team/steps:1"), pushed(f"{registry_host}/team/tools:latest")
    for init in ("initContainers", "init_containers"):
        graph = mixed(registry_host, init)
        asked: list[str] = []

        def resolve(images: Any, asked: list[str] = asked) -> ResolvedImages:
            asked += images
            return resolved_images(images)

        changed = PinnedImages(resolve).run(graph)
        assert asked == sorted(f"{registry_host}/team/{name}" for name in ("steps:1", "tools", "tools:latest"))
        images = {label: item.container.image for label, item in changed.executors.items() if item.container}
        assert images == {
            "exec-plain": f"{registry_host}/team/steps@{steps}",
            "exec-chosen": "{{$.inputs.parameters['image']}}",
            "exec-fixed": f"{registry_host}/team/steps:1@{DIGEST}",
            "exec-volume": "argostub/createpvc",
        }
        assert f"{registry_host}/team/tools@{tools}" in str(changed.executors["exec-job"].custom_job)
        (first,) = changed.platform_settings("exec-plain")["initContainers"]
        assert first == {"name": "first", "image": f"{registry_host}/team/tools@{tools}", "command": ["cp"]}
        assert changed.platform_settings("exec-plain")["imagePullPolicy"] == "Always"
        assert PinnedImages(resolve).run(changed) is changed, "what is pinned stays, and nobody is asked"


def test_a_pinned_file_is_stale_once_the_tag_leads_elsewhere(
    registry_host: str, pushed: Callable[[str], str], project: Path, command: Callable[..., Any], tmp_path: Path
) -> None:
    pushed(f"{registry_host}/moving/steps:1")
    text = FLOW.format(host=f"{registry_host}", other=f"{registry_host}/moving/steps:1").replace("team", "moving")
    (tmp_path / "flow.py").write_text(text, "utf-8")
    words = ("compile", "flow.py", "--pin-images", "-o", "flow.yaml")
    assert command(*words)[0] == 0
    assert command(*words, "--check")[0] == 0
    (project / "src" / "app" / "main.py").write_text("print('changed')\n")
    pushed(f"{registry_host}/moving/steps:1")
    code, _, err = command(*words, "--check")
    assert code == 1 and "flow.yaml is stale" in err


def test_images_that_cannot_be_had_are_one_error_and_nothing_is_written(
    registry_host: str, pushed: Callable[[str], str], command: Callable[..., Any], tmp_path: Path
) -> None:
    pushed(f"{registry_host}/team/steps:1")
    other = f"{registry_host}/team/steps:none"
    (tmp_path / "flow.py").write_text(FLOW.format(host=registry_host, other=other), "utf-8")
    code, out, err = command("compile", "flow.py", "--pin-images", "-o", "flow.yaml")
    assert code == 3 and out == "" and err.count("error ") == 1
    assert f"error E839: the image '{other}' cannot be pinned: the registry has no such image" in err
    assert f"{other}, of root/half: E824" in err and "flow.py:14" in err and "milonga image digest" in err
    assert not (tmp_path / "flow.yaml").exists()
    text = FLOW.format(host=f"{registry_host}/away", other=f"{registry_host}/away:2")
    (tmp_path / "flow.py").write_text(text, "utf-8")
    code, _, err = command("compile", "flow.py", "--pin-images")
    assert code == 3 and "error E839: 2 images cannot be pinned" in err
    assert f"{registry_host}/away/team/steps:1, of root/double, root/double-2: E824" in err


@pytest.mark.slow
def test_a_registry_that_does_not_answer_is_named(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(host="127.0.0.1:9", other="127.0.0.1:9/x:1"), "utf-8")
    code, _, err = command("compile", "flow.py", "--pin-images", "-o", "flow.yaml")
    assert code == 3 and err.count("E820 the registry does not answer (127.0.0.1:9)") == 2
    assert not (tmp_path / "flow.yaml").exists()


def test_the_registry_is_not_asked_about_a_pipeline_with_errors(
    door: Door, command: Callable[..., Any], tmp_path: Path
) -> None:
    text = FILE.replace("HOST", door.host).replace("@DIGEST", "").replace("INIT", "initContainers")
    (tmp_path / "flow.yaml").write_text(text.replace("{name: comp-job}}", "{name: comp-none}}"), "utf-8")
    code, _, err = command("compile", "flow.yaml", "--pin-images")
    assert code == 1 and "E210" in err and "nothing was written" in err
    assert door.seen == []


def test_a_registry_with_a_password_is_asked_as_docker_asks_it(
    guarded_host: str, docker_config: Callable[..., Path], pushed: Callable[[str], str]
) -> None:
    docker_config(auths={guarded_host: {"username": USER, "password": PASSWORD}})
    steps, tools = pushed(f"{guarded_host}/team/steps:1"), pushed(f"{guarded_host}/team/tools:latest")
    changed = PinnedImages(resolved_images).run(mixed(guarded_host))
    assert steps in str(changed.executors) and tools in str(changed.platforms)
    docker_config()
    with pytest.raises(RemoteError) as caught:
        PinnedImages(resolved_images).run(mixed(guarded_host))
    assert caught.value.code == "E839" and caught.value.got.count("E821") == 3
    assert f"docker login {guarded_host}" in caught.value.hint and PASSWORD not in str(caught.value)


def test_each_image_is_looked_up_once_and_all_at_the_same_time(door: Door, pushed: Callable[[str], str]) -> None:
    names = [f"{door.host}/many/image-{number}:1" for number in range(5)]
    digests = {name: pushed(name) for name in names}
    door.seen.clear()
    door.faults.append(("image-3/", "503"))
    lines: list[str] = []
    found = resolved_images([*names, *reversed(names)], report=lines.append)
    assert found.failed == {} and list(found.found) == names
    assert all(found.found[name].endswith(f"@{digests[name]}") for name in names)
    asked = [path for path in door.paths("HEAD") if "/manifests/" in path]
    assert len(asked) == 6, "one of them twice, since the registry failed for a moment"
    assert len(lines) == 5 and lines[-1].startswith("image 5 of 5: ")


@pytest.mark.slow
def test_a_submission_sends_pinned_images(
    registry_host: str, pushed: Callable[[str], str], command: Callable[..., Any], tmp_path: Path
) -> None:
    steps = pushed(f"{registry_host}/team/steps:1")
    (tmp_path / "flow.py").write_text(FLOW.format(host=registry_host, other=f"{registry_host}/team/steps:1"), "utf-8")
    run = partial(command, "submit", "flow.py", "--to", "local", "--home", str(tmp_path / "home"), "--wait", "--json")
    code, _, err = run("--pin-images")
    assert code == 0 and f"is {registry_host}/team/steps@{steps}" in err and "E256" not in err
    code, _, err = command("submit", "--to", "local", "--attach", "1234", "--pin-images")
    assert code == 2 and "--pin-images" in err


NAMES = st.builds("{}{}".format, st.sampled_from(["a", "b/c", "d:5/e"]), st.sampled_from(["", ":1", ":latest"]))
PINNED = NAMES.map(lambda name: f"{name}@{DIGEST}")
DYNAMIC = st.just("{{$.inputs.parameters['image']}}")


@given(st.lists(st.one_of(NAMES, PINNED, DYNAMIC), min_size=1, max_size=6))
def test_the_pass_changes_names_without_a_digest_and_nothing_else(images: list[str]) -> None:
    document = {
        "pipelineInfo": {"name": "any"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {f"t{at}": {"componentRef": {"name": f"c{at}"}} for at in range(len(images))}}},
        "components": {f"c{at}": {"executorLabel": f"e{at}"} for at in range(len(images))},
        "deploymentSpec": {"executors": {f"e{at}": {"container": {"image": image}} for at, image in enumerate(images)}},
    }
    graph = Graph.from_documents((document,))
    changed = PinnedImages(lambda wanted: ResolvedImages({image: f"{image}@{DIGEST}" for image in wanted})).run(graph)
    expected = [image if "@" in image or "{{$" in image else f"{image}@{DIGEST}" for image in images]
    assert [changed.executors[f"e{at}"].container.image for at in range(len(images))] == expected  # type: ignore[union-attr]
    assert changed.components == graph.components and changed.root == graph.root
