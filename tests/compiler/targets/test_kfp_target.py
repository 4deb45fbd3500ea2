"""The text for KFP: what it shares, what it warns of, and that it is the same everywhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import constructs
import pytest
import yaml

import milonga
from milonga.compiler.targets import TARGETS, target_named
from milonga.compiler.trace import trace
from milonga.errors import InvalidPipeline, MilongaError, UsageError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast on files with code in them


def documents(text: str) -> list[dict]:
    return list(yaml.load_all(text, Loader=LOADER))


# Sharing


def test_a_component_that_makes_parameters_stands_once_however_often_it_is_used():
    document = documents(milonga.compile(constructs.one_component_three_times_with_parameters))[0]
    assert list(document["components"]) == ["comp-add"]
    assert list(document["deploymentSpec"]["executors"]) == ["exec-add"]
    assert [task["componentRef"]["name"] for task in document["root"]["dag"]["tasks"].values()] == ["comp-add"] * 3


def test_a_component_that_makes_artifacts_shares_its_executor_only():
    # kfp's local runner keys the folders of artifacts by component: shared ones would overwrite each other.
    document = documents(milonga.compile(constructs.one_component_twice_with_artifacts))[0]
    assert list(document["components"]) == ["comp-join-two", "comp-write", "comp-write-2"]
    assert list(document["deploymentSpec"]["executors"]) == ["exec-join-two", "exec-write"]


def test_uses_with_other_settings_have_executors_of_their_own():
    @milonga.pipeline
    def settings() -> None:
        constructs.add(1)
        constructs.add.options(cpu="2")(1)
        constructs.add.options(cpu=2)(1)

    document = documents(milonga.compile(settings))[0]
    executors = document["deploymentSpec"]["executors"]
    assert list(executors) == ["exec-add", "exec-add-2"]
    assert executors["exec-add-2"]["container"]["resources"] == {"cpuLimit": 2.0, "resourceCpuLimit": "2"}


def test_retries_and_names_make_no_executor():
    @milonga.pipeline
    def policies() -> None:
        constructs.add(1)
        constructs.add.options(retries=3, name="again", display_name="Again!", cache=False)(1)

    document = documents(milonga.compile(policies))[0]
    assert list(document["deploymentSpec"]["executors"]) == ["exec-add"]
    again = document["root"]["dag"]["tasks"]["again"]
    assert again["taskInfo"] == {"name": "Again!"}
    assert again["cachingOptions"] == {}
    assert again["retryPolicy"]["maxRetryCount"] == 3


def test_two_components_of_one_name_do_not_mix():
    @milonga.component(name="step")
    def one() -> int:
        return 1

    @milonga.component(name="step")
    def two() -> int:
        return 2

    @milonga.pipeline
    def both() -> int:
        one()
        return two()

    document = documents(milonga.compile(both))[0]
    assert set(document["root"]["dag"]["tasks"]) == {"step", "step-2"}
    assert len(document["deploymentSpec"]["executors"]) == 2


def test_a_pipeline_that_is_called_twice_stands_once():
    document = documents(milonga.compile(constructs.a_pipeline_in_a_pipeline))[0]
    assert list(document["components"]) == ["comp-add", "comp-inner-pipeline"]


# Platform


def test_settings_of_kubernetes_are_a_second_document():
    @milonga.pipeline
    def on_a_node() -> None:
        constructs.add.options(
            timeout_s=90, node_selector={"disk": "ssd"}, secrets={"TOKEN": "registry/token"}, gpu=1, memory="4Gi"
        )(1)

    first, second = documents(milonga.compile(on_a_node))
    assert second == {
        "platforms": {
            "kubernetes": {
                "deploymentSpec": {
                    "executors": {
                        "exec-add": {
                            "activeDeadlineSeconds": "90",
                            "nodeSelector": {"labels": {"disk": "ssd"}},
                            "secretAsEnv": [
                                {
                                    "keyToEnv": [{"envVar": "TOKEN", "secretKey": "token"}],
                                    "optional": False,
                                    "secretName": "registry",
                                    "secretNameParameter": {"runtimeValue": {"constant": "registry"}},
                                }
                            ],
                        }
                    }
                }
            }
        }
    }
    resources = first["deploymentSpec"]["executors"]["exec-add"]["container"]["resources"]
    assert resources["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert resources["memoryLimit"] == pytest.approx(4.294967296)


def test_a_pipeline_without_such_settings_is_one_document():
    assert len(documents(milonga.compile(constructs.branches))) == 1


# Findings


@pytest.mark.parametrize(
    ("pipeline", "found"),
    [
        (constructs.a_loop_over_collected_artifacts, {("E301", "loop-over-artifacts")}),
        (constructs.an_artifact_as_input, {("E302", "pipeline-artifact-input")}),
        (constructs.a_loop_over_a_part_of_an_outer_item, {("E302", "loop-over-part")}),
        (constructs.a_loop_in_a_loop, set()),
        (constructs.an_imported_artifact, set()),
        (constructs.branches_of_artifacts, set()),
    ],
    ids=lambda value: value.name if isinstance(value, milonga.Pipeline) else None,
)
def test_what_kfps_back_end_refuses_is_named_before_submission(pipeline, found):
    findings = list(target_named("kfp").findings(trace(pipeline).graph))
    assert {(finding.code, finding.construct) for finding in findings} == found


def test_what_can_be_rewritten_is_not_named_after_it():
    target = target_named("kfp")
    for pipeline in (
        constructs.a_loop_over_collected_artifacts,
        constructs.an_artifact_as_input,
        constructs.a_loop_over_a_part_of_an_outer_item,
    ):
        assert not list(target.findings(target.lower(trace(pipeline).graph)))


def test_a_finding_names_the_authors_line():
    (finding,) = target_named("kfp").findings(trace(constructs.a_loop_over_collected_artifacts).graph)
    assert finding.path == "root/for-loop-2"
    assert finding.severity == "warning"
    assert finding.place is not None
    line = Path(finding.place.file).read_text().splitlines()[finding.place.line - 1]
    assert line.strip() == "with ml.ParallelFor(ml.Collected(made)) as data:"
    assert "--lower" in finding.hint


def test_an_older_version_names_what_came_later():
    graph = trace(constructs.branches_of_artifacts).graph
    assert {finding.construct for finding in target_named("kfp@2.16").findings(graph)} == {"oneof-artifact"}
    assert not list(target_named("kfp@2.17").findings(graph))


def test_an_unknown_version_names_the_known_ones():
    with pytest.raises(UsageError) as caught:
        target_named("kfp@1.8")
    assert caught.value.code == "E950"
    assert "kfp@2.17" in caught.value.expected


def test_a_run_too_large_for_one_object_is_named():
    @milonga.pipeline
    def large() -> None:
        for _ in range(90):
            constructs.add(1)

    (finding,) = target_named("kfp").findings(trace(large).graph)
    assert finding.code == "E302"
    assert "90 steps" in finding.got


# The text


def test_the_header_tells_what_goes_in_and_what_comes_out():
    text = milonga.compile(constructs.branches)
    assert text.startswith(
        "# PIPELINE DEFINITION\n# Name: branches\n"
        "# Inputs:\n#    number: int [Default: 2]\n# Outputs:\n#    Output: str\n"
    )


def test_no_text_of_the_author_ends_the_comment_early():
    @milonga.pipeline(name="p")
    def p(word: str = "a\nroot: {}\r# b\u2028c\x85d") -> str:
        """First.

        components: {}
        """
        return constructs.text(word)

    text = milonga.compile(p)
    header = text[: text.index("components:\n")]
    assert all(line.startswith("#") for line in header.splitlines())
    assert documents(text)[0]["pipelineInfo"]["name"] == "p"


def test_a_compiled_file_holds_no_path_of_this_machine(tmp_path):
    text = "".join(milonga.compile(case.pipeline) for case in constructs.CASES[:12])
    for path in (str(Path(constructs.__file__).parent), str(Path.home()), str(tmp_path.parent)):
        assert path not in text


@pytest.mark.slow
def test_other_processes_in_other_folders_write_the_same_bytes(tmp_path):
    program = (
        "import sys; import constructs, milonga\n"
        "print(''.join(milonga.compile(case.pipeline) for case in constructs.CASES))"
    )
    texts = set()
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        shutil.copy(constructs.__file__, folder)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(folder), "TZ": f"UTC+{seed}"}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        texts.add(done.stdout)
    assert len(texts) == 1
    assert not re.search(r"\b20[2-9]\d-\d\d-\d\d", texts.pop()), "a date"


def test_the_file_is_the_text(tmp_path):
    path = tmp_path / "new" / "pipeline.yaml"
    text = milonga.compile(constructs.branches, output=path)
    assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


def test_a_graph_compiles_like_the_pipeline_that_it_came_from():
    assert milonga.compile(trace(constructs.branches).graph) == milonga.compile(constructs.branches)


def test_a_component_alone_is_a_pipeline_of_one_task():
    document = documents(milonga.compile(constructs.add))[0]
    assert document["pipelineInfo"]["name"] == "add"
    assert list(document["root"]["dag"]["tasks"]) == ["add"]
    assert document["root"]["inputDefinitions"]["parameters"]["b"]["defaultValue"] == 1
    assert "Output" in document["root"]["outputDefinitions"]["parameters"]


def test_a_graph_that_is_not_consistent_is_not_written(tmp_path):
    from milonga.compiler.graph import Graph

    document = documents(milonga.compile(constructs.branches))[0]
    document["root"]["dag"]["tasks"]["say-4"]["inputs"]["parameters"]["valu"] = {"runtimeValue": {"constant": "x"}}
    path = tmp_path / "p.yaml"
    with pytest.raises(InvalidPipeline) as raised:
        milonga.compile(Graph.from_documents((document,)), output=path)
    assert raised.value.code == "E225"
    assert "did you mean 'value'?" in raised.value.got
    assert not path.exists()


def test_an_unknown_target_names_the_nearest():
    with pytest.raises(UsageError) as raised:
        milonga.compile(constructs.branches, target="kpf")
    assert (raised.value.code, raised.value.hint) == ("E907", "did you mean 'kfp'?")


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_target_keeps_the_contract(name):
    target = target_named(name)
    graph = trace(constructs.branches).graph
    assert target.name == name
    try:
        assert target.emit(graph) == target.emit(graph)
    except MilongaError as error:
        assert error.code.startswith("E3")
    assert all(finding.code.startswith("E3") for finding in target.findings(graph))
