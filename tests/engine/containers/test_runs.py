"""A pipeline with containers, from its file to its values."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from boxes import Box, error_of, log_of

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


def test_a_value_goes_in_as_an_argument_and_comes_out_of_a_file(engine, box: Box, play) -> None:
    graph = box(
        'echo working; printf %s "$0" > "$1"',
        "{{$.inputs.parameters['text']}}",
        "{{$.outputs.parameters['out'].output_file}}",
        inputs={"text": "STRING"},
        outputs={"out": "STRING"},
    )
    hostile = (
        'it\'s "$(id)" `id` {{$}} {{$.inputs.parameters[\'text\']}} $HOME \n ; rm -rf / \\ é \x7f {"IfPresent": 1}'
    )
    result = play(graph, {"text": hostile})
    assert result.outputs == {"out": hostile} and log_of(result) == "working\n"
    assert engine.containers() == []


def test_numbers_and_structures_reach_the_command_as_kfp_writes_them(engine, box: Box, play) -> None:
    values = {"i": 10, "f": 0.00001, "whole": 3.0, "flag": True, "items": [1, 2.5, "x"], "map": {"k": [1]}}
    kinds = ["NUMBER_INTEGER", "NUMBER_DOUBLE", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT"]
    words = [f"{{{{$.inputs.parameters['{name}']}}}}" for name in values]
    graph = box('for word in "$@"; do echo "$word"; done', "sh", *words, inputs=dict(zip(values, kinds, strict=True)))
    assert log_of(play(graph, values)).splitlines() == ["10", "0.00001", "3", "true", '[1, 2.5, "x"]', '{"k": [1]}']


def test_the_whole_executor_input_is_there(engine, box: Box, play) -> None:
    result = play(box('echo "$0"', "{{$}}", inputs={"text": "STRING"}), {"text": "a"})
    assert json.loads(log_of(result))["inputs"]["parameterValues"] == {"text": "a"}


def test_an_argument_may_depend_on_an_input_being_there(engine, box: Box, play) -> None:
    graph = box(
        'echo "$# $*"',
        "sh",
        json.dumps(
            {"IfPresent": {"InputName": "a", "Then": ["--a", "{{$.inputs.parameters['a']}}"], "Else": "--none"}}
        ),
        json.dumps({"Concat": ["x=", "{{$.inputs.parameters['b']}}", {"IfPresent": {"InputName": "a", "Then": "!"}}]}),
        inputs={"a": "STRING", "b": "STRING"},
    )
    assert log_of(play(graph, {"a": "one", "b": "{}"})) == "3 --a one x={}!\n"
    assert log_of(play(graph, {"b": 'q"'})) == '2 --none x=q"\n'


def test_without_a_command_the_image_decides(engine, box: Box, play) -> None:
    engine("import", "--change", 'ENTRYPOINT ["/bin/echo","entry"]', "-", "milonga-test/echo:1", data=_busybox())
    graph = box("an", "argument", command=[], image="milonga-test/echo:1")
    assert log_of(play(graph)) == "entry an argument\n"
    graph = box(command=["/bin/echo"], args=[], image="milonga-test/echo:1")
    assert log_of(play(graph)) == "\n"


def _busybox() -> bytes:
    from images import busybox_image, static_busybox

    found = static_busybox()
    assert found is not None
    return busybox_image(found)


def test_the_command_may_be_a_bracket(engine, box: Box, play) -> None:
    """podman would read an entry point that begins with a bracket as JSON."""
    engine("import", "--change", "CMD true", "-", "milonga-test/bracket:1", data=_with_bracket())
    assert play(box("a", "=", "a", "]", command=["["], image="milonga-test/bracket:1")).state == "SUCCEEDED"
    assert play(box("a", "=", "b", "]", command=["["], image="milonga-test/bracket:1")).state == "FAILED"


def _with_bracket() -> bytes:
    from images import Archive, static_busybox

    archive = Archive()
    found = static_busybox()
    assert found is not None
    archive.put(found, "bin/busybox")
    archive.link("bin/[", "busybox")
    return archive.bytes()


def test_variables_are_data_and_expand_as_in_kubernetes(engine, box: Box, play) -> None:
    hostile = 'a\nb "c" $(NOT) `id` = #'
    env = [
        {"name": "FIRST", "value": hostile},
        {"name": "SECOND", "value": "[$(FIRST)] $$(FIRST) $(UNKNOWN)"},
        {"name": "PATH", "value": "/bin:/elsewhere"},
        {"name": "EMPTY", "value": ""},
    ]
    graph = box('echo "$FIRST|$SECOND|$PATH|${EMPTY-unset}|$0"', "$(SECOND)", env=env)
    second = f"[{hostile}] $(FIRST) $(UNKNOWN)"
    assert log_of(play(graph)) == f"{hostile}|{second}|/bin:/elsewhere||{second}\n"


def test_a_secret_is_a_variable_and_stands_nowhere(engine, box: Box, play, home: Path) -> None:
    setting = {"secretAsEnv": [{"secretName": "s", "keyToEnv": [{"secretKey": "k", "envVar": "TOKEN"}]}]}
    result = play(box('[ "$TOKEN" = "hush""-hush" ] && echo yes', settings=setting), secrets={"s": {"k": "hush-hush"}})
    assert log_of(result) == "yes\n"
    assert not [path for path in home.rglob("*") if path.is_file() and b"hush-hush" in path.read_bytes()]


def test_failures_are_told_apart(engine, box: Box, play) -> None:
    ended = error_of(play(box("echo almost; exit 3")))
    assert (ended["code"], ended["got"]) == ("E416", "almost") and "exit code 3" in ended["message"]
    for code in ("125", "126", "127"):
        assert f"exit code {code}" in error_of(play(box(f"exit {code}")))["message"]
    absent = error_of(play(box("x", command=["/no/such/program"])))
    assert absent["code"] == "E462" and "/no/such/program" in absent["got"]
    silent = error_of(play(box("true", outputs={"out": "STRING"})))
    assert silent["code"] == "E416" and "'out'" in silent["message"]
    assert engine.containers() == []


def test_an_image_that_cannot_be_had_is_one_clear_error(engine, box: Box, play) -> None:
    found = error_of(play(box("true", image="milonga-test.invalid/nothing:1")))
    assert found["code"] == "E460" and "milonga-test.invalid/nothing:1" in found["message"] and found["got"]
    never = error_of(play(box("true", image="milonga-test.invalid/nothing:1", settings={"imagePullPolicy": "Never"})))
    assert never["code"] == "E460" and "never pulled" in never["message"]


@pytest.mark.parametrize("value", ["--privileged", "a b", "", "$(id)", "x;y", "../x", "a\n"])
def test_an_image_from_a_parameter_is_a_name_and_nothing_else(engine, box: Box, play, value: str) -> None:
    graph = box("true", image="{{$.inputs.parameters['image']}}", inputs={"image": "STRING"})
    assert error_of(play(graph, {"image": value}))["code"] == "E463"


@pytest.mark.parametrize("value", ["a\0b", "x" * 131072, "\ud800"])
def test_what_no_program_can_be_given_is_refused_before_a_container_is_made(engine, box: Box, play, value: str) -> None:
    graph = box("true", "{{$.inputs.parameters['text']}}", inputs={"text": "STRING"})
    assert error_of(play(graph, {"text": value}))["code"] == "E464"


def test_an_artifact_goes_from_container_to_container_to_python(engine, play, author) -> None:
    pipeline = author(
        """
        import milonga as ml
        from kfp import dsl

        @dsl.container_component
        def write(out: dsl.Output[dsl.Dataset]):
            return dsl.ContainerSpec(
                image="milonga-test/busybox:1", command=["sh", "-c"], args=['mkdir "$0" && echo 1 > "$0/a"', out.path]
            )

        @dsl.container_component
        def copy(data: dsl.Input[dsl.Dataset], out: dsl.Output[dsl.Dataset]):
            script = 'cat "$0/a" > "$1"; echo 2 >> "$1"; echo x > "$0/b" && exit 9 || true'
            words = [script, data.path, out.path]
            return dsl.ContainerSpec(image="milonga-test/busybox:1", command=["sh", "-c"], args=words)

        @dsl.component(base_image="python:3.11", install_kfp_package=False)
        def read(data: dsl.Input[dsl.Dataset]) -> str:
            return open(data.path).read()

        @dsl.pipeline
        def flow() -> str:
            return read(data=copy(data=write().outputs["out"]).outputs["out"]).output
        """
    )
    assert play(pipeline.flow).outputs == {"Output": "1\n2\n"}


def test_the_cache_follows_the_image_and_not_its_name(engine, box: Box, play, tmp_path: Path) -> None:
    engine("tag", "milonga-test/busybox:1", "milonga-test/moving:1")
    graph = box("date > /dev/null; echo ran", image="milonga-test/moving:1", cached=True)
    assert [play(graph).tasks["box"].cached for _ in range(2)] == [False, True]
    engine("import", "--message", "another", "-", "milonga-test/moving:1", data=_busybox())
    another = engine("image", "inspect", "--format", "{{.Id}}", "milonga-test/moving:1")
    assert another != engine("image", "inspect", "--format", "{{.Id}}", "milonga-test/busybox:1")
    assert not play(graph).tasks["box"].cached


def test_images_may_be_chosen_by_a_loop(engine, play, author) -> None:
    for name in ("one", "two"):
        engine("import", "--change", f"ENV WHO={name}", "-", f"milonga-test/{name}:1", data=_busybox())
    pipeline = author(
        """
        from kfp import dsl

        @dsl.container_component
        def say(out: dsl.OutputPath(str)):
            return dsl.ContainerSpec(image="x", command=["sh", "-c"], args=['printf %s "$WHO" > "$0"', out])

        @dsl.component(base_image="python:3.11", install_kfp_package=False)
        def join(words: list) -> str:
            return " ".join(words)

        @dsl.pipeline
        def flow() -> str:
            with dsl.ParallelFor(["milonga-test/one:1", "milonga-test/two:1"]) as image:
                said = say()
                said.set_container_image(image)
            return join(words=dsl.Collected(said.outputs["out"])).output
        """
    )
    assert play(pipeline.flow).outputs == {"Output": "one two"}


def test_files_belong_to_somebody_who_can_read_them(engine, box: Box, play, home: Path) -> None:
    engine("import", "--change", "USER 4321", "-", "milonga-test/nobody:1", data=_busybox())
    graph = box(
        'id -u; echo text > "$0"; mkdir "$1" && echo data > "$1/f"',
        "{{$.outputs.parameters['out'].output_file}}",
        "{{$.outputs.artifacts['data'].path}}",
        outputs={"out": "STRING"},
        artifacts={"data": "system.Dataset"},
        image="milonga-test/nobody:1",
    )
    result = play(graph)
    assert result.outputs == {"out": "text\n"}
    assert (Path(result.tasks["box"].output_artifacts["data"].uri) / "f").read_text() == "data\n"
    assert os.geteuid() != 0 or log_of(result) == "4321\n"


@pytest.mark.parametrize(
    "report",
    ["mkfifo $0", "ln -s /etc/passwd $0", "mkdir $0", "echo '{' > $0", "yes '[' | head -n 100000 | tr -d '\\n' > $0"],
)
def test_whatever_a_container_leaves_as_its_report_the_run_ends(engine, box: Box, play, report: str) -> None:
    result = play(box(report, "{{$.outputs.output_file}}", artifacts={"m": "system.Model"}))
    assert result.state in ("SUCCEEDED", "FAILED") and engine.containers() == []


def test_a_report_names_no_path_of_this_machine(engine, box: Box, play, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    entry = {"artifacts": [{"name": "m", "uri": "x", "customPath": "/bin/busybox"}]}
    report = json.dumps({"artifacts": {str(outside): entry, "../../../../../up": entry}})
    play(box('printf %s "$1" > "$0"', "{{$.outputs.output_file}}", report, artifacts={"m": "system.Model"}))
    assert not outside.exists() and not list(tmp_path.rglob("up*"))


def test_containers_stand_beside_steps_in_this_process(engine, play, author) -> None:
    flow = author(
        """
        from kfp import dsl

        @dsl.container_component
        def write(out: dsl.OutputPath(str)):
            return dsl.ContainerSpec(
                image="milonga-test/busybox:1", command=["sh", "-c"], args=['printf box > "$0"', out]
            )

        @dsl.component(base_image="python:3.11", install_kfp_package=False)
        def read(text: str) -> str:
            return text + " here"

        @dsl.pipeline
        def flow() -> str:
            return read(text=write().outputs["out"]).output
        """
    ).flow
    assert play(flow, mode="in-process").outputs == {"Output": "box here"}
