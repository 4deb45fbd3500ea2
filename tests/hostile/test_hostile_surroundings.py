"""Hostile texts beside the values: display names, URIs of importers, environment variables, the report of a run.

Nothing is imported, fetched or opened by such a name: importers are compiled, read and checked, and never run. Runs
write into the test's own folder only, where no text names a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import FAMILIES, SHORT, TEXTS

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.documents import dump_graph, parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.trace.tracer import trace
from milonga.engine.progress import Silent
from milonga.engine.result import RunResult
from milonga.errors import MilongaError
from milonga.reporting.markup import plain
from milonga.runtime.placement import local_path

Play = Callable[..., RunResult]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(target: Any, arguments: dict[str, Any] | None = None, **settings: Any) -> RunResult:
        settings = {"mode": "in-process", **settings}
        return ml.run(target, arguments, home=tmp_path / "home", jobs=2, progress=Silent(), **settings)

    return run


def read_again(graph: Graph) -> Graph:
    return Graph.from_documents(parse_documents(dump_graph(graph)))


@component
def echo(text: str) -> str:
    return text


# Display names -----------------------------------------------------------------------------------------------------


@pipeline
def displayed() -> None:
    for text in SHORT:
        echo.options(display_name=text)("x")


@pytest.mark.slow
def test_a_display_name_is_any_text_and_names_nothing_else() -> None:
    tasks = read_again(trace(displayed).graph).root.dag.tasks
    keys = ["echo", *(f"echo-{number}" for number in range(2, len(SHORT) + 1))]
    assert {key: task.task_info.name for key, task in tasks.items()} == {
        key: text or key for key, text in zip(keys, SHORT, strict=True)
    }


# Importers ---------------------------------------------------------------------------------------------------------


@pipeline
def imported() -> None:
    for text in SHORT:
        ml.importer(text, Dataset, metadata={"uri": text, f"key {text}": [text]})


NUMBERS = range(1, len(SHORT) + 1)


def texts_of(graph: Graph, task: str) -> tuple[str, dict[str, Any]]:
    """The URI and the metadata of an importer.

    A text that KFP would take for a placeholder stands in the file as the default of an input, where it is data.
    """
    component = graph.component_of(graph.root.dag.tasks[task])
    importer = graph.executors[component.executor_label].importer
    defaults = {name: declared.default_value for name, declared in component.input_parameters.items()}

    def meant(value: Any) -> Any:
        if isinstance(value, list):
            return [meant(item) for item in value]
        named = re.fullmatch(r"\{\{\$\.inputs\.parameters\['([\w-]+)'\]\}\}", value)
        return defaults[named.group(1)] if named else value

    uri = importer.artifact_uri
    metadata = {meant(key): meant(value) for key, value in importer.metadata.items()}
    return defaults[uri.runtime_parameter] if uri.runtime_parameter else uri.constant, metadata


@pytest.mark.slow
def test_the_uri_of_an_importer_is_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled, read again and checked, with nothing on the machine looked at by its name."""
    for name in ("open", "stat", "lstat", "scandir", "listdir", "unlink", "rename", "mkdir"):
        touched = getattr(os, name)

        def guarded(path: Any, *more: Any, _touched: Any = touched, **settings: Any) -> Any:
            assert not (isinstance(path, (str, Path)) and str(path) in UNLIKELY), f"looked at {str(path)[:80]!r}"
            return _touched(path, *more, **settings)

        monkeypatch.setattr(os, name, guarded)
    graph = trace(imported).graph
    again = read_again(graph)
    assert [texts_of(again, f"importer-{number}" if number > 1 else "importer") for number in NUMBERS] == [
        (text, {"uri": text, f"key {text}": [text]}) for text in SHORT
    ]
    assert [finding.severity for finding in check(graph) if finding.severity == "error"] == []


UNLIKELY = frozenset(text for text in SHORT if len(text) > 3)
"""Texts that no path of Python's own or of this project is."""


def test_where_a_uri_would_lie_is_computed_for_any_text() -> None:
    for text in TEXTS:
        for scheme in ("", "file://", "s3://", "gs://", "minio://", "oci://"):
            assert isinstance(local_path({"uri": scheme + text}), Path)


# Environment variables ---------------------------------------------------------------------------------------------


@component
def variable(name: str) -> str:
    import os

    return os.environ[name]


def with_variable(text: str) -> Any:
    @pipeline
    def given() -> str:
        return variable.options(environment={"LEVEL": text})("LEVEL")

    return given


PASSABLE = tuple(text for text in SHORT if "\0" not in text and not re.search("[\ud800-\udfff]|\\$\\$|\\$\\(", text))
"""What a program can be given, but for the forms that Kubernetes expands."""


def test_a_variable_holds_any_text_that_a_program_can_be_given(play: Play) -> None:
    @pipeline
    def given() -> None:
        for text in PASSABLE:
            variable.options(environment={"LEVEL": text})("LEVEL")

    result = play(given).raise_for_state()
    assert len(PASSABLE) > 300
    assert [task.outputs for task in result.tasks.values()] == [{"Output": text} for text in PASSABLE]
    assert "LEVEL" not in os.environ


@pytest.mark.parametrize("name", ["", "A=B", "A\0", "A B", "1A", "\ud800", "A\n"], ids=ascii)
def test_a_name_that_no_variable_can_have_is_refused_before_anything_runs(
    play: Play, tmp_path: Path, name: str
) -> None:
    @pipeline
    def given() -> str:
        return echo.options(environment={name: "x"})("x")

    with pytest.raises(MilongaError) as caught:
        play(given)
    assert "E268" in str(caught.value)
    assert not (tmp_path / "home" / "runs").exists()


@pytest.mark.parametrize("mode", ["in-process", "isolated"])
@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=["nul", "surrogate"])
def test_what_no_program_can_be_given_is_one_clear_error(play: Play, text: str, mode: str) -> None:
    error = play(with_variable(text), mode=mode).tasks["variable"].error
    assert error["code"] == "E464" and "LEVEL" in error["message"]


# The report --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags, attributes, texts and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.scripts = 0
        self.text = ""
        self.open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open = tag
        self.tags.add(tag)
        self.attributes.update(f"{tag} {name}" for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "xlink:href")]
        self.scripts += tag == "script"

    def handle_data(self, data: str) -> None:
        if self.open not in ("script", "style"):
            self.text += data


@component
def describe(text: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text("content")
    made.metadata["value"] = text
    made.metadata[f"key {text}"] = text
    return made


@component
def fail(text: str) -> str:
    raise RuntimeError(text)


@pipeline
def shown(texts: list[str]) -> None:
    with ml.ParallelFor(texts) as text:
        describe.options(display_name="<b>shown</b>")(text)
        fail(text)


def report_of(play: Play, texts: list[str]) -> Page:
    result = play(shown, {"texts": texts})
    assert result.state == "FAILED"
    return Page((result.folder / "report.html").read_text("utf-8"))


def kinds_of(links: list[str]) -> set[str]:
    """What links begin with: `#` of the page itself, the folder of a step, the scheme of anything else."""
    return {re.match(r"\W*\w*\W?", link).group(0) if not link.startswith("#") else "#" for link in links}


@pytest.mark.slow
@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "long"])
def test_the_report_shows_every_text_as_text(play: Play, family: str) -> None:
    """As values, metadata and messages of exceptions: no element and no attribute that harmless texts do not give."""
    texts = list(dict.fromkeys(FAMILIES[family]))
    hostile, harmless = report_of(play, texts), report_of(play, [f"text {number}" for number in range(len(texts))])
    assert hostile.tags <= harmless.tags
    assert hostile.attributes <= harmless.attributes
    assert hostile.scripts == harmless.scripts == 1
    assert kinds_of(hostile.links) == kinds_of(harmless.links)
    flat = " ".join(hostile.text.split())
    missing = [text for text in texts if len(text) < 60 and " ".join(plain(text).split()) not in flat]
    assert missing == []
