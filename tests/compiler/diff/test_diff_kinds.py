"""Each kind of difference: a document is changed in one place, and exactly that is told, in the author's words."""

from typing import Any

import pytest
from diff_documents import CHANNEL, constant, found, graph, part, pipeline, put, step, taken, task

from milonga.compiler.diff import compare
from milonga.compiler.diff.kinds import FAMILIES, KINDS

TASKS = "root/dag/tasks"
TRAIN = f"{TASKS}/train"
EXECUTOR = "deploymentSpec/executors/exec-train/container"
IMPORTER = "deploymentSpec/executors/exec-load/importer"
INPUTS = "root/inputDefinitions/parameters"

ONE_CHANGE: list[tuple[str, Any, tuple[str, str, str]]] = [
    ("pipelineInfo/name", "again", ("pipeline", "name", "name retrain → again")),
    ("defaultPipelineRoot", "s3://two", ("pipeline", "option", "pipeline root s3://one → s3://two")),
    (f"{INPUTS}/lr", {"parameterType": "NUMBER_DOUBLE"}, ("pipeline", "input-added", "new input lr: float")),
    (f"{INPUTS}/limit", None, ("pipeline", "input-removed", "no input limit any more (was int)")),
    (f"{INPUTS}/limit/parameterType", "STRING", ("pipeline", "input-type", "limit int → str")),
    (f"{INPUTS}/limit/isOptional", True, ("pipeline", "input-optional", "limit need not be given any more")),
    (f"{INPUTS}/limit/literals", [1, 2], ("pipeline", "input-choices", "limit [1, 2] (not set before)")),
    (f"{INPUTS}/limit/defaultValue", 3, ("pipeline", "default", "default of limit: none → 3")),
    (f"{INPUTS}/uri/defaultValue", "s3://x", ("pipeline", "default", 'default of uri: "s3://data" → "s3://x"')),
    (
        "root/outputDefinitions/parameters/more",
        {"parameterType": "LIST"},
        ("pipeline", "output-added", "new output more: list"),
    ),
    (
        "root/outputDefinitions/parameters/score",
        None,
        ("pipeline", "output-removed", "no output score any more (was str)"),
    ),
    (
        "root/outputDefinitions/parameters/score/parameterType",
        "STRUCT",
        ("pipeline", "output-type", "score str → dict"),
    ),
    (
        "root/dag/outputs/parameters/score/valueFromParameter/producerSubtask",
        "ingest",
        ("pipeline", "output-source", "output score comes from ingest.Output instead of train.Output"),
    ),
    (
        "platforms/kubernetes/pipelineConfig/workspace/size",
        "2Gi",
        ("pipeline", "platform-setting", 'kubernetes.pipelineConfig.workspace {"size": "1Gi"} → {"size": "2Gi"}'),
    ),
    (f"{EXECUTOR}/image", "python:3.12", ("train", "image", "image python:3.11 → python:3.12")),
    (f"{EXECUTOR}/command", ["fit", "--all of it"], ("train", "command", "command fit → fit '--all of it'")),
    (f"{EXECUTOR}/args", ["-x"], ("train", "command", "arguments -x (not set before)")),
    (f"{EXECUTOR}/env/0/value", "slow", ("train", "environment", "MODE fast → slow")),
    (f"{EXECUTOR}/env/0", None, ("train", "environment", "MODE fast → not set")),
    (f"{EXECUTOR}/resources/resourceMemoryLimit", "4Gi", ("train", "resource", "memory 2Gi → 4Gi")),
    (f"{EXECUTOR}/resources/resourceCpuLimit", None, ("train", "resource", "cpu 500m → not set")),
    (f"{EXECUTOR}/resources/resourceCpuRequest", "1", ("train", "resource", "cpu request 1 (not set before)")),
    (
        f"{EXECUTOR}/resources/accelerator",
        {"resourceType": "nvidia.com/gpu"},
        ("train", "resource", "accelerator nvidia.com/gpu (not set before)"),
    ),
    (
        f"{EXECUTOR}/lifecycle",
        {"preCacheCheck": {"command": ["x"]}},
        ("train", "option", 'lifecycle {"preCacheCheck": {"command": ["x"]}} (not set before)'),
    ),
    (
        "platforms/kubernetes/deploymentSpec/executors/exec-train/nodeSelector/labels/disk",
        "hdd",
        (
            "train",
            "platform-setting",
            'kubernetes.nodeSelector {"labels": {"disk": "ssd"}} → {"labels": {"disk": "hdd"}}',
        ),
    ),
    (f"{TRAIN}/inputs/parameters/epochs", constant(20), ("train", "constant", "epochs 10 → 20")),
    (f"{TRAIN}/inputs/parameters/epochs", None, ("train", "constant", "epochs 10 → not set")),
    (
        f"{TRAIN}/inputs/parameters/rows",
        {"componentInputParameter": "uri"},
        ("train", "edge-changed", "rows ingest.Output → input uri"),
    ),
    (f"{TRAIN}/inputs/parameters/rows", None, ("train", "edge-removed", "no edge ingest.Output → train.rows any more")),
    (f"{TRAIN}/dependentTasks", ["load"], ("train", "edge-added", "waits for load")),
    (f"{TASKS}/clean/dependentTasks", None, ("clean", "edge-removed", "no longer waits for train")),
    (f"{TASKS}/clean/inputs/parameters/x", taken("load", "n"), ("clean", "edge-added", "new edge load.n → clean.x")),
    (f"{TRAIN}/retryPolicy/maxRetryCount", 5, ("train", "retry", "retries 2 → 5")),
    (f"{TRAIN}/retryPolicy/backoffDuration", "2.5s", ("train", "retry", "backoff 1s → 2.5s")),
    (f"{TRAIN}/retryPolicy", None, ("train", "retry", "retries 2 → not set")),
    (f"{TRAIN}/cachingOptions", {}, ("train", "cache", "cache on → off")),
    (f"{TRAIN}/cachingOptions/cacheKey", "k", ("train", "cache", "cache key k (not set before)")),
    (
        f"{TRAIN}/triggerPolicy",
        {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
        ("train", "trigger", "trigger runs after failures too (not set before)"),
    ),
    (
        f"{TASKS}/condition-1/triggerPolicy/condition",
        f"inputs.parameter_values['{CHANNEL}'] == 'x'",
        ("condition-1", "condition", 'condition int(ingest.Output) > input limit → ingest.Output == "x"'),
    ),
    (f"{TASKS}/for-loop-2/parameterIterator/items/raw", "[1]", ("for-loop-2", "loop", "items [1, 2] → [1]")),
    (f"{TASKS}/for-loop-2/iteratorPolicy", {}, ("for-loop-2", "loop", "parallelism 3 → not set")),
    (f"{IMPORTER}/artifactUri/constant", "s3://b", ("load", "import", 'uri "s3://table" → "s3://b"')),
    (f"{IMPORTER}/reimport", True, ("load", "import", "reimport on (not set before)")),
    (
        "deploymentSpec/executors/exec-load",
        {"resolver": {"outputArtifactQueries": {}}},
        ("load", "implementation", "implementation importer → resolver"),
    ),
    (
        f"{TASKS}/check",
        task("train", {"rows": taken("ingest"), "epochs": constant(1)}),
        ("check", "task-added", "new: check(epochs=1, rows=ingest.Output)"),
    ),
    (f"{TASKS}/clean", None, ("clean", "task-removed", "removed: clean(order=train)")),
    (
        "components/comp-for-loop-2/dag/tasks/more",
        task("deploy", {"rows": {"componentInputParameter": "pipelinechannel--item"}}),
        ("for-loop-2/more", "task-added", "new: more(rows=item of for-loop-2)"),
    ),
    (
        "components/comp-condition-1/dag/tasks/deploy/inputs/parameters/rows",
        constant("x"),
        ("condition-1/deploy", "edge-removed", "no edge ingest.Output → deploy.rows any more"),
    ),
]


@pytest.mark.parametrize(("path", "value", "expected"), ONE_CHANGE, ids=lambda value: str(value)[-60:])
def test_a_change_in_one_place_is_told_there_in_the_authors_words(path, value, expected):
    assert expected in found(pipeline(), put(path, value))


@pytest.mark.parametrize(("path", "value", "expected"), ONE_CHANGE, ids=lambda value: str(value)[-60:])
def test_nothing_else_is_told_at_another_place(path, value, expected):
    assert {where for where, _, _ in found(pipeline(), put(path, value))} == {expected[0]}


def test_every_kind_that_a_fact_can_become_is_described():
    named = {kind for family in FAMILIES.values() for kind in (family.added, family.removed, family.changed)}
    assert sorted(named - set(KINDS)) == []
    assert sorted(set(KINDS) - named) == ["code-layout", "task-added", "task-removed", "task-renamed"]


def test_texts_for_people_are_quiet():
    after = put("pipelineInfo/description", "Trains once more.", put(f"{TRAIN}/taskInfo", {"name": "Train it"}))
    changes = compare(graph(pipeline()), graph(after))
    assert [(c.where, c.kind, c.quiet) for c in changes] == [
        ("pipeline", "description", True),
        ("train", "display-name", True),
    ]


def test_what_belongs_to_a_new_input_is_no_change_of_its_own():
    value = {"parameterType": "LIST", "defaultValue": [], "isOptional": True, "description": "New."}
    changes = compare(graph(pipeline()), graph(put(f"{INPUTS}/more", value)))
    assert [c.kind for c in changes] == ["input-added"]


def test_the_value_of_a_variable_that_sounds_secret_is_not_printed():
    changes = compare(graph(pipeline()), graph(put(f"{EXECUTOR}/env/1/value", "other")))
    assert [(c.what, c.before, c.after) for c in changes] == [("API_TOKEN", "(hidden)", "(hidden)")]
    assert "hush" not in str(changes) and "other" not in str(changes)


def test_a_source_is_told_through_all_the_groups_around_it():
    document = pipeline()
    inner = part(document, "components/comp-condition-1")
    inner["dag"]["tasks"] = {
        "for-loop-9": task(
            "inner",
            {"pipelinechannel--deep": {"componentInputParameter": CHANNEL}},
            parameterIterator={"itemInput": "pipelinechannel--i", "items": {"inputParameter": "pipelinechannel--deep"}},
        )
    }
    document["components"]["comp-inner"] = {
        "inputDefinitions": {"parameters": {"pipelinechannel--deep": {}, "pipelinechannel--i": {}}},
        "dag": {"tasks": {"deploy": task("deploy", {"rows": {"componentInputParameter": "pipelinechannel--i"}})}},
    }
    source = f"{TASKS}/condition-1/inputs/parameters/{CHANNEL}"
    assert found(document, put(source, taken("train"), document)) == [
        ("condition-1", "condition", "condition int(ingest.Output) > input limit → int(train.Output) > input limit"),
        ("condition-1/for-loop-9", "loop", "items ingest.Output → train.Output"),
    ]


def test_a_collected_output_is_told_by_the_task_that_makes_it():
    document = pipeline()
    loop = part(document, "components/comp-for-loop-2")
    picked = {"producerSubtask": "deploy", "outputParameterKey": "Output"}
    loop["dag"]["outputs"] = {"parameters": {"pipelinechannel--deploy-Output": {"valueFromParameter": picked}}}
    loop["outputDefinitions"] = {"parameters": {"pipelinechannel--deploy-Output": {"parameterType": "LIST"}}}
    given = put(f"{TRAIN}/inputs/parameters/rows", taken("for-loop-2", "pipelinechannel--deploy-Output"), document)
    assert found(document, given) == [
        ("train", "edge-changed", "rows ingest.Output → Collected(for-loop-2/deploy.Output)")
    ]


def test_placeholders_of_a_dynamic_setting_are_told_by_their_source():
    given = put(f"{EXECUTOR}/resources/resourceMemoryLimit", "{{$.inputs.parameters['pipelinechannel--m']}}")
    given = put(f"{TRAIN}/inputs/parameters/pipelinechannel--m", {"componentInputParameter": "limit"}, given)
    part(given, "components/comp-train/inputDefinitions/parameters")["pipelinechannel--m"] = {"parameterType": "STRING"}
    assert found(pipeline(), given) == [("train", "resource", "memory 2Gi → {{input limit}}")]


def test_long_values_are_cut_where_they_differ():
    long = ["x" * 200 + end for end in ("one", "two")]
    documents = [put(f"{TRAIN}/inputs/parameters/epochs", constant(value)) for value in long]
    (_, _, text) = found(*documents)[0]
    assert "one" in text and "two" in text and len(text) < 120


def test_a_value_cannot_write_on_the_terminal():
    after = put(f"{TRAIN}/inputs/parameters/epochs", constant("a\x1b[2J"), put("pipelineInfo/name", "n\nm\x1b[0m"))
    assert all(text.isprintable() for _, _, text in found(pipeline(), after))


def test_components_of_one_name_and_another_border_are_told_apart():
    after = put("components/comp-clean", step("clean", {"force": {"parameterType": "BOOLEAN"}}))
    assert found(pipeline(), after) == [("clean", "input-added", "new input force: bool")]
