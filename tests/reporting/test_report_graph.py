import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from reporting_sample import graph_of, group, retrain_graph, retrain_run, step, task

from milonga.lineage.records import TaskRecord
from milonga.reporting import graph_svg

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a\"b'c{d}</script><img src=x onerror=alert(1)>\ud800\x00\u202e&amp;"


def texts(svg: str) -> list[str]:
    return ["".join(item.itertext()) for item in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def titles(svg: str) -> list[str]:
    return ["".join(item.itertext()) for item in ElementTree.fromstring(svg).iter(f"{SVG}title")]


def nodes(svg: str) -> dict[str, str]:
    """Path and classes of each box."""
    found = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return {item.get("data-node", ""): item.get("class", "") for item in found if item.get("data-node")}


def chain(count: int):
    components = {"comp-a": step({"x": "Model"}, {"y": "Model"})}
    tasks = {"t0": task("comp-a", x="^^model")}
    tasks |= {f"t{index}": task("comp-a", x=f"t{index - 1}:y") for index in range(1, count)}
    return graph_of(components, tasks)


def fan(count: int):
    components = {"comp-a": step({}, {"y": "Model"}), "comp-b": step({"x": "Model"}, {})}
    tasks = {"first": task("comp-a")} | {f"t{index}": task("comp-b", x="first:y") for index in range(count)}
    return graph_of(components, tasks)


def test_a_graph_alone_shows_every_task_with_its_types_and_no_state():
    svg = graph_svg(retrain_graph())
    assert set(nodes(svg)) >= {"ingest", "for-loop-1", "for-loop-1/train", "condition-2/deploy", "notify"}
    assert "CompiledModel, LatencyTable, str, float" in texts(svg)
    assert "seed: int = 0" in texts(svg)
    assert not any(word in " ".join(texts(svg)) for word in ("succeeded", "not run"))


def test_edges_say_on_hover_what_flows():
    found = titles(graph_svg(retrain_graph()))
    assert "ingest → profile\ndata: DataSplits" in found
    assert "measure-levels → for-loop-1\nlevel: int" in found
    assert "profile → notify\nwaits for it" in found


def test_every_state_has_a_word_in_the_drawing(tmp_path):
    _, tasks, graph, _ = retrain_run(tmp_path)
    words = {
        "SUCCEEDED": "succeeded",
        "FAILED": "failed",
        "RUNNING": "running",
        "PENDING": "pending",
        "SKIPPED": "skipped",
        "NOT_RUN": "not run",
        "CANCELLED": "cancelled",
    }
    for state, word in words.items():
        states = {task.path: replace(task, state=state, cached=False) for task in tasks}
        svg = graph_svg(graph, states)
        captions = [item.split(" · ")[0] for item in texts(svg)]
        assert word in captions
        assert f"s-{word.replace(' ', '-')}" in nodes(svg)["ingest"]
    cached = graph_svg(graph, {task.path: replace(task, cached=True) for task in tasks})
    assert "s-cached" in nodes(cached)["ingest"] and "cached" in texts(cached)


def test_iterations_are_shown_as_one_box_with_the_worst_state(tmp_path):
    _, tasks, graph, _ = retrain_run(tmp_path)
    states = {task.path: task for task in tasks}
    states["for-loop-1[1]/train"] = replace(states["for-loop-1[1]/train"], state="FAILED", attempts=1)
    svg = graph_svg(graph, states)
    assert "s-failed" in nodes(svg)["for-loop-1/train"]
    assert any(text.startswith("1 failed, 2 succeeded") for text in texts(svg))
    assert any("3 iterations" in text for text in texts(svg))


def test_what_is_inside_a_branch_not_taken_is_skipped():
    graph = retrain_graph()
    states = {"condition-2": TaskRecord("r", "condition-2", "SKIPPED", kind="group")}
    found = nodes(graph_svg(graph, states))
    assert "s-skipped" in found["condition-2/deploy"]
    assert "s-not-run" in found["ingest"]


def test_while_something_runs_the_rest_is_pending():
    found = nodes(graph_svg(retrain_graph(), {"ingest": TaskRecord("r", "ingest", "RUNNING")}))
    assert "s-running" in found["ingest"] and "s-pending" in found["notify"]


def test_hostile_names_are_text_and_nothing_else():
    components = {HOSTILE: step({HOSTILE: "Model"}, {HOSTILE: "Model"})}
    graph = graph_of(components, {HOSTILE: task(HOSTILE), "b": task(HOSTILE)})
    svg = graph_svg(graph, {HOSTILE: TaskRecord("r", HOSTILE, "FAILED", error={"code": HOSTILE, "message": HOSTILE})})
    tags = {item.tag.removeprefix(SVG) for item in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "title", "style", "rect", "g", "text", "path", "circle", "a"}
    svg.encode("utf-8")


def test_the_same_graph_gives_the_same_drawing():
    assert graph_svg(retrain_graph()) == graph_svg(retrain_graph())


def test_a_deep_graph_is_drawn_as_deep_as_a_page_allows_and_says_so():
    inner = {f"t{index}": task("comp-a") for index in range(40)}
    components = {"comp-a": step({}, {}), "comp-g": group(inner, {})}
    svg = graph_svg(graph_of(components, {f"g{index}": task("comp-g") for index in range(10)}))
    assert "410 tasks: only the top level is drawn." in texts(svg)
    assert set(nodes(svg)) == {f"g{index}" for index in range(10)}
    assert "40 tasks inside" in texts(svg)


@pytest.mark.slow
@pytest.mark.parametrize("graph", [fan(2000), chain(2000)], ids=["fan", "chain"])
def test_two_thousand_tasks_stay_one_readable_drawing(graph):
    svg = graph_svg(graph)
    assert len(nodes(svg)) <= 150 and len(svg) < 400_000
    assert any("The table below has all of them." in text for text in texts(svg))


def test_a_group_that_contains_itself_is_drawn_to_a_limit():
    components = {"comp-g": group({"again": task("comp-g")}, {})}
    svg = graph_svg(graph_of(components, {"start": task("comp-g")}))
    assert "start/again" in nodes(svg)


def test_a_graph_that_could_not_run_can_be_drawn():
    graph = graph_of({}, {"a": task("gone", x="b:y"), "b": task("gone", x="a:y"), "c": task("gone", x="nobody:y")})
    assert set(nodes(graph_svg(graph))) == {"a", "b", "c"}
    assert "its component is missing" in "".join(titles(graph_svg(graph)))


def test_a_pipeline_without_tasks_is_an_empty_drawing():
    assert nodes(graph_svg(graph_of({}, {}))) == {}
