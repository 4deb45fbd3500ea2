"""Hostile texts pass through a real Argo as data: what was given is what `milonga outputs` reads back.

Conditions get those that are Unicode: Argo's expressions take any half of a surrogate pair for U+FFFD, as all of Go
does. Values, keys, contents and items of loops get all of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cluster_hands import ClusterHands
from hostile_flows import NEVER
from hostile_texts import FAMILIES, LONG, MEGABYTE, SHORT, WHOLE

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
PARAMETERS = 90
"""How many texts a pipeline of constants compares: as many inputs, and as many groups, of which Argo allows 200."""


def succeeded(hands: ClusterHands, flow: str, arguments: dict[str, Any], *more: str) -> tuple[str, dict[str, Any]]:
    """A run that has succeeded, and what it has given back."""
    file = hands.folder / "arguments.json"
    file.write_text(json.dumps(arguments), "utf-8")
    run = hands.submit(flow, "--args", str(file), *more)
    shown = hands.ended(run)
    assert shown["state"] == "SUCCEEDED", (shown.get("error"), [task for task in shown["tasks"] if task.get("message")])
    return run, hands.outputs(run)["parameters"]


def test_arguments_constants_keys_contents_and_metadata_arrive_as_they_were_given(hands: ClusterHands) -> None:
    table = {text: text for text in SHORT}
    given = {"texts": list(SHORT), "table": table, "text": "".join(WHOLE)}
    run, found = succeeded(hands, "hostile_flows.py:hostile_values", given)
    assert found["texts"] == list(SHORT)
    assert found["table"] == table and found["constant_table"] == table
    assert found["text"] == "".join(WHOLE)
    assert found["constants"] == [*SHORT, *LONG]
    done = hands.milonga("outputs", run, "--to", "argo", "--json", "--download", str(hands.folder / "here"))
    assert done.code == 0, done.err
    made = done.json["artifacts"]["made"]
    assert made["metadata"]["values"] == list(SHORT)
    assert all(made["metadata"][f"key {text}"] == [text, {text: text}] for text in SHORT)
    (content,) = [path for path in (hands.folder / "here").rglob("*") if path.is_file()]
    assert content.read_bytes() == "\0".join(SHORT).encode("utf-8", "surrogatepass")


def test_texts_are_items_of_loops_and_artifacts_made_there(hands: ClusterHands) -> None:
    chunks = [list(SHORT[at::12]) for at in range(12)]
    _, found = succeeded(hands, "hostile_flows.py:hostile_chunks", {"chunks": chunks})
    assert found == {"texts": chunks, "wrong": []}


def test_a_text_equals_itself_and_nothing_opens_the_other_branch_of_a_cluster(hands: ClusterHands) -> None:
    texts = [family[len(family) // 2] for name, family in FAMILIES.items() if name != "long"]
    texts = [*texts, "{{workflow.name}}", "\ud800", "\0", "$(VAR)"]
    run, found = succeeded(hands, "hostile_flows.py:hostile_items", {"texts": texts})
    assert found == {"equal": texts, "unequal": []}
    assert len(hands.pods(run)) == 2 * len(texts)


@pytest.mark.parametrize("part", range(4))
def test_conditions_about_parts_of_items_hold_for_the_same_texts_only(hands: ClusterHands, part: int) -> None:
    require_right_pairs(hands, WHOLE[part::4])


def require_right_pairs(hands: ClusterHands, texts: Sequence[str]) -> None:
    """Each text against itself and against the next one."""
    others = [*texts[1:], texts[0]]
    pairs = [{"one": one, "same": one, "other": other} for one, other in zip(texts, others, strict=True)]
    run, _ = succeeded(hands, "hostile_flows.py:hostile_pairs", {"pairs": pairs})
    states: dict[int, list[str]] = {}
    for task in hands.show(run)["tasks"]:
        if task["task"].count("/") == 1:
            index = task["task"].split("[")[1].split("]/")[0]
            states.setdefault(int(index), []).append(task["state"])
    wrong = {pairs[index]["one"]: found for index, found in states.items() if found.count("SKIPPED") != 2}
    assert len(states) == len(pairs) and wrong == {}


@pytest.mark.parametrize("part", range(0, len(WHOLE), PARAMETERS))
def test_constants_of_conditions_equal_the_arguments_of_the_same_text_only(hands: ClusterHands, part: int) -> None:
    """One input a text, each compared with its text and with the next one."""
    texts = WHOLE[part : part + PARAMETERS]
    names = [f"text_{number}" for number in range(len(texts))]
    lines = [
        "import milonga as ml",
        "@ml.component(image='python:3.11')",
        "def echo(text: str) -> str:",
        "    return text",
        "@ml.pipeline",
        f"def hostile_constants({', '.join(f'{name}: str' for name in names)}) -> None:",
    ]
    for number, text in enumerate(texts):
        other = texts[number - 1]
        lines += [
            f"    with ml.If(text_{number} == {text!a}):",
            f"        with ml.If(text_{number} == {NEVER!a}):",
            "            echo('never')",
            f"    with ml.If(text_{number} == {other!a}):",
            "        echo('never')",
        ]
    (hands.folder / "constants.py").write_text("\n".join(lines) + "\n", "utf-8")
    arguments = dict(zip(names, texts, strict=True))
    run, _ = succeeded(hands, str(hands.folder / "constants.py") + ":hostile_constants", arguments)
    groups = [task for task in hands.show(run)["tasks"] if task["kind"] == "group" and "/" not in task["task"]]
    states = [task["state"] for task in groups]
    wrong = [texts[number // 2] for number, state in enumerate(states) if state != ("SUCCEEDED", "SKIPPED")[number % 2]]
    assert len(states) == 2 * len(texts) and wrong == []


def test_a_command_line_argument_and_a_name_of_a_run_are_any_text(hands: ClusterHands) -> None:
    text = "".join(text for text in WHOLE if "\0" not in text)
    more = ("--text", text, "--name", text)
    run, found = succeeded(hands, "hostile_flows.py:hostile_values", {"texts": [], "table": {}}, *more)
    assert found["text"] == text
    shown = hands.show(run)
    assert shown["name"] == text and shown["arguments"]["text"] == text
    (listed,) = [item for item in hands.milonga("runs", "--to", "argo", "--json").json["runs"] if item["run_id"] == run]
    assert listed["name"] == text


def test_variables_of_a_container_are_any_text_that_a_program_can_be_given(hands: ClusterHands) -> None:
    assert succeeded(hands, "hostile_flows.py:hostile_variables", {})[1] == {"Output": []}


def test_annotations_and_labels_of_pods_are_any_text(hands: ClusterHands) -> None:
    pytest.importorskip("kfp.kubernetes")
    from hostile_kfp_flows import ANNOTATIONS, LABELS

    run, _ = succeeded(hands, "hostile_kfp_flows.py:hostile_annotations", {})
    ((_, pod),) = hands.pods(run).items()
    found, labels = pod["metadata"]["annotations"], pod["metadata"]["labels"]
    assert {key: found.get(key) for key in ANNOTATIONS} == ANNOTATIONS
    assert {key: labels.get(key) for key in LABELS} == LABELS


def test_names_that_mean_something_to_argo_are_names(hands: ClusterHands) -> None:
    run, found = succeeded(hands, "hostile_flows.py:hostile_names", {})
    assert found == {
        "status": "{{item}}{{inputs.parameters.t}}ñ\u0303falsenullupperloweriñ\u0303tnXx",
        "tasks": "{{workflow.name}}",
        "漢字": "ñ\u0303",
        "t": "t",
    }
    paths = {task["task"]: task["state"] for task in hands.show(run)["tasks"]}
    assert {name: paths[name] for name in ("in", "not-1", "matches")} == dict.fromkeys(
        ("in", "not-1", "matches"), "SUCCEEDED"
    )


@pytest.mark.parametrize("text", [LONG[3], MEGABYTE], ids=["escaped beyond the limit", "a megabyte"])
def test_a_text_that_no_pod_can_be_given_is_refused_before_anything_starts(hands: ClusterHands, text: str) -> None:
    file = Path(hands.folder / "arguments.json")
    file.write_text(json.dumps({"texts": [], "table": {}, "text": text}), "utf-8")
    done = hands.milonga(
        "submit", str(hands.flows / "hostile_flows.py:hostile_values"), "--to", "argo", "--args", str(file)
    )
    assert done.code != 0 and "E949" in done.err and len(done.err) < 20_000
