"""What a notebook shows stands by itself: no style sheet, script or id, colours for any theme, nothing unescaped."""

import re
import subprocess
import sys
import threading
from html.parser import HTMLParser

import pytest

import milonga as ml
from milonga.compiler.trace import trace
from milonga.lineage.records import ArtifactRecord, RunRecord, TaskRecord
from milonga.reporting.notebook import artifact_html, definition_html, graph_html, progress_html, result_html
from milonga.reporting.notebook.inlining import inlined
from milonga.reporting.notebook.style_rules import style_rules

HOSTILE = "<script>alert(1)</script>&\"'{{x}}$\u202e\x00"
VOID = {"br", "input", "img"}


class Page(HTMLParser):
    """Checks that tags are balanced, and keeps them with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += f" {data}"

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


def stands_alone(html: str) -> Page:
    page = Page(html)
    assert not {tag for tag, _ in page.tags} & {"script", "style", "link", "object", "img"}
    for _, attributes in page.tags:
        assert not {"class", "id", "onclick", "onload"} & set(attributes)
        assert "var(" not in (attributes.get("style") or "")
        assert not re.match(r"(?!\./|\.milonga/|folder)", attributes.get("href") or "./")
    return page


@ml.component(packages=["scikit-learn"], cpu="1")
def fit(data: ml.Dataset, rate: float = 0.5, note: str = HOSTILE) -> ml.Model:
    """Fit <b>something</b>.

    Args:
        data: not shown.
    """
    return ml.Model.create()


@ml.component
def load(rows: int) -> ml.Dataset:
    return ml.Dataset.create()


@ml.component
def rates() -> list[float]:
    return [0.1]


@ml.pipeline
def whole(rows: int = 3) -> ml.Model:
    """Load, then fit <i>all</i>."""
    data = load(rows)
    with ml.ParallelFor(rates()) as rate:
        fit(data, rate)
    return fit(data)


@ml.pipeline
def wrong(rows: str) -> ml.Model:
    data = load(rows)
    return fit(data, "fast", HOSTILE, more=1)


def test_a_pipeline_shows_its_graph_with_names_and_types():
    page = stands_alone(definition_html(whole))
    assert [tag for tag, _ in page.tags].count("svg") == 1
    for word in (
        "pipeline",
        "whole",
        "rows: int = 3",
        "load",
        "Dataset",
        "fit-2",
        "Model",
        "LOOP",
        "Load, then fit <i>all</i>.",
    ):
        assert word in page.text, word


def test_a_component_shows_its_border_as_well():
    page = stands_alone(definition_html(fit))
    for word in ("input data Dataset", "input rate float 0.5", "output Output Model", "Fit <b>something</b>."):
        assert word in page.text, word
    assert "not shown" not in page.text


def test_mistakes_are_shown_all_at_once_in_place_of_the_graph():
    page = stands_alone(definition_html(wrong))
    assert "3 mistakes" in page.text and "svg" not in {tag for tag, _ in page.tags}
    assert page.text.count("E113") == 2 and "E111" in page.text and "test_notebook_html.py:" in page.text


def test_one_function_that_cannot_travel_is_a_mistake_too():
    lock = threading.Lock()

    @ml.component
    def held() -> str:
        return str(lock)

    page = stands_alone(definition_html(held))
    assert "1 mistake" in page.text and "E151" in page.text


def test_the_same_thing_is_the_same_html():
    assert definition_html(whole) == definition_html(whole)
    graph = trace(whole).graph
    assert graph_html(graph) == graph_html(graph) == graph._repr_html_()


def test_consoles_get_one_line():
    graph = trace(whole).graph
    assert re.fullmatch(r"<graph whole: 5 tasks, \d components, [0-9a-f]{12}>", repr(graph))
    assert repr(whole) == "<pipeline whole(rows: int) -> Output: Model>"


def test_text_takes_the_colour_of_the_notebook_and_surfaces_let_it_through():
    page = Page(definition_html(whole))
    drawn = [attributes["style"] for tag, attributes in page.tags if tag == "text"]
    assert drawn and all("fill:currentColor" in (style or "") for style in drawn)
    ground = next(attributes for tag, attributes in page.tags if tag == "rect")
    assert "fill:none" in (ground["style"] or "")
    opaque = re.compile(r"(?<!-)(?:fill|background):#(?!26935a|d5493d|3d84d6|7d8690|b3781a|a565ba|1f8f99)")
    assert not opaque.search(definition_html(whole))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_hue_can_be_told_from_light_and_dark_grounds():
    hues = {value for rules in style_rules().values() for rule in rules for name, value in rule.declarations
            if name.startswith("--") and re.fullmatch("#[0-9a-f]{6}", value)}  # fmt: skip
    assert len(hues) == 7
    for hue in hues:
        for ground in ("#ffffff", "#f5f5f5", "#111111", "#1e1e1e", "#212121"):
            low, high = sorted((luminance(hue), luminance(ground)))
            assert (high + 0.05) / (low + 0.05) >= 3, (hue, ground)  # WCAG 2.2, 1.4.11: graphical objects


# Artifacts


def test_metrics_are_a_table():
    metrics = ml.Metrics(name=HOSTILE)
    metrics.log("accuracy", 0.91234)
    metrics.log(HOSTILE, float("nan"))
    assert "accuracy 0.9123" in stands_alone(metrics._repr_html_()).text


def test_a_confusion_matrix_is_shaded_by_share():
    metrics = ml.ClassificationMetrics(name="scores")
    metrics.log_confusion_matrix(["cat", HOSTILE], [[8, 2], [1, 9]])
    metrics.log_roc_curve([0, 0.1, 1], [0, 0.8, 1], [1, 0.5, 0])
    html = artifact_html(metrics)
    page = stands_alone(html)
    assert "80.00 %" in page.text and "true positive rate" in page.text
    assert "rgba(38,147,90,36%)" in html and "rgba(213,73,61,min(55%,3*18%))" in html


def test_any_other_artifact_shows_where_it_is_how_large_and_how_it_begins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = ml.Dataset.at("folder.csv", metadata={"rows": 2, HOSTILE: HOSTILE})
    table.write_text("a,<b>\n" + "1,2\n" * 1000)
    page = stands_alone(table._repr_html_())
    assert "folder.csv" in page.text and "3.91 KiB" in page.text and "a,<b> 1,2" in page.text and "…" in page.text


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", "an empty file"),
        (b"\x80\x00\xff" * 100, "binary content"),
        ("é".encode() * 3000, "é"),
        (b"a\0b", "binary"),
    ],
)
def test_content_of_any_kind(tmp_path, content, shown):
    path = tmp_path / "content"
    path.write_bytes(content)
    assert shown in stands_alone(artifact_html(ml.Dataset.at(path))).text


def test_a_folder_shows_its_files(tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02d}.txt").write_text("x" * number)
    (tmp_path / "loop").symlink_to(tmp_path)
    text = stands_alone(artifact_html(ml.Model.at(tmp_path))).text
    assert "01.txt 1 B" in text and "8 more files" in text


@pytest.mark.parametrize("uri", ["s3://bucket/model", "/nowhere/at/all", "", "x" * 5000, "a\0b", "file:///nowhere"])
def test_content_that_is_not_here_is_said(uri):
    assert "not available" in stands_alone(artifact_html(ml.Model("m", uri))).text


def test_an_artifact_class_of_the_author_is_named(tmp_path):
    class Forest(ml.Model):
        pass

    assert "Forest" in stands_alone(artifact_html(Forest.at(tmp_path))).text


def test_a_page_that_a_step_wrote_stays_in_its_frame(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<script>alert(1)</script><p id='x' class='y'>hello</p>")
    page = stands_alone(artifact_html(ml.HTML.at(path)))
    (frame,) = [attributes for tag, attributes in page.tags if tag == "iframe"]
    assert frame["sandbox"] == "" and frame["srcdoc"] == path.read_text()


# Runs


def run_of(state: str, **more) -> RunRecord:
    return RunRecord("20260101-000000-000aaaa", "whole", "d", state, 100.0, ended_at=103.5, **more)  # type: ignore[arg-type]


def task(path: str, state: str, **more) -> TaskRecord:
    return TaskRecord("r", path, state, **more)  # type: ignore[arg-type]


def test_a_run_that_goes_on_shows_times_that_move():
    tasks = [
        task("load", "SUCCEEDED", started_at=100.0, ended_at=101.5, outputs={"n": 3}),
        task("fit", "RUNNING", started_at=101.5),
    ]
    run = RunRecord("r", "whole", "d", "RUNNING", 100.0)
    text = stands_alone(progress_html(run, tasks, now=108.0, logs={}, notes={"fit": "a note"})).text
    assert "running 8.0 s" in text and "load succeeded 1.5 s n=3" in text and "fit running 6.5 s a note" in text
    assert "resume" not in text


def test_a_failure_is_shown_beside_its_task_with_the_log():
    error = {"code": "E410", "message": HOSTILE, "hint": "mend it"}
    failed = task("fit", "FAILED", error=error, attempts=2)
    text = stands_alone(
        progress_html(run_of("FAILED"), [failed], now=0.0, logs={"fit": ["line <1>", "line 2"]}, notes={})
    ).text
    assert "attempt 2" in text and "E410" in text and "hint mend it" in text and "line <1> line 2" in text
    assert "milonga.run(…, resume='20260101-000000-000aaaa')" in text


def test_an_interrupted_run_says_how_it_goes_on():
    run = run_of("CANCELLED", error={"code": "E439", "message": "interrupted", "hint": "milonga run --resume x"})
    text = stands_alone(result_html(run, [task("a", "CANCELLED")], report=None, logs={})).text
    assert "It was interrupted" in text and "resume=" in text and "milonga run --resume" not in text


def test_a_result_draws_the_metrics_that_it_returns(tmp_path):
    record = ArtifactRecord("scores", "system.Metrics", "", metadata={"accuracy": 0.5})
    model = ArtifactRecord(
        "model", "system.Model", str(tmp_path / "model"), size_bytes=2048, metadata={"milonga_type": HOSTILE}
    )
    run = run_of("SUCCEEDED", outputs={"best": HOSTILE}, output_artifacts={"scores": record, "models": (model,) * 5})
    report = tmp_path / "report.html"
    text = stands_alone(result_html(run, [], report=report, logs={})).text
    assert "accuracy 0.5" in text and "2 KiB" in text and "and 2 more" in text and str(report) in text


def test_ten_thousand_tasks_are_a_page_that_can_be_read():
    tasks = [
        task(f"loop[{i}]/fit", "FAILED" if i == 7000 else "SUCCEEDED", started_at=1.0, ended_at=float(i))
        for i in range(10_000)
    ]
    html = progress_html(run_of("RUNNING"), tasks, now=1.0, logs={}, notes={})
    page = stands_alone(html)
    assert len(html) < 150_000 and "60 of 10000 tasks" in page.text and "loop[7000]/fit" in page.text


# The style sheet


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [
        ('<p class="nothing">a</p>', '<p style="margin:4px 0">a</p>'),
        ('<g class="s-failed"><i>a</i></g>', "<g><i>a</i></g>"),
        ('<b class="chosen" data-x="1" id="y" title="t">a</b>', '<b title="t" style="color:;white-space:nowrap">a</b>'),
        ('<div class="mlg"><b class="chosen">a</b></div>', 'style="color:#1f8f99;white-space:nowrap"'),
        ('<svg class="graph"><g class="open"><g class="own"><rect class="shape"/></g></g></svg>', "stroke-opacity:.6"),
        ('<td style="--share:5%"><span class="meter">a</span></td>', "left/5% 100%"),
        ("<p>a<br>b</p><p>c</p>", '<p style="margin:4px 0">a<br>b</p><p style="margin:4px 0">c</p>'),
        ("<style>.x{color:red}</style>a", "a"),
    ],
)
def test_rules_become_styles(fragment, shown):
    assert shown in inlined(fragment)


def test_a_child_of_a_child_is_no_child():
    deep = '<svg class="graph"><g class="open"><g class="x"><g class="own"><rect class="shape"/></g></g></g></svg>'
    assert "stroke-opacity" not in inlined(deep)


def test_showing_something_loads_no_ipython():
    program = "import sys, milonga as ml; ml.Metrics()._repr_html_(); assert not {'IPython', 'kfp'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
