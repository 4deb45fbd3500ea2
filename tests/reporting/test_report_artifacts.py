import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reporting_page_parts import PageParts
from reporting_sample import CLASSES, MATRIX, compiled_model, evaluation, latency_table

from milonga.lineage.records import ArtifactRecord, TaskRecord
from milonga.reporting.artifacts import RENDERERS, View, findings_section
from milonga.reporting.places import Places

FILES = {
    "CompiledModel": ("compiled.json", "milonga.compiled/1"),
    "TrainedModel": ("model.json", "milonga.model/1"),
    "LatencyTable": ("", "milonga.latency/1"),
    "Evaluation": ("", "milonga.evaluation/1"),
}


def shown(record: ArtifactRecord, root: Path, **task) -> str:
    """What the page shows of one artifact; it must be sound HTML whatever the artifact is."""
    made = TaskRecord("r", "make", "SUCCEEDED", output_artifacts={"made": record}, **task)
    page = findings_section([made], {}, Places(root / "runs" / "r", root))
    PageParts(page)
    return page


def artifact(root: Path, kind: str, text: str, **metadata) -> ArtifactRecord:
    member, _ = FILES.get(kind, ("", ""))
    path = root / "store" / "made"
    target = path / member if member else path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    if kind in FILES:
        return ArtifactRecord("made", "system.Artifact", str(path), "a" * 64, 10, {**metadata, "milonga_type": kind})
    return ArtifactRecord("made", f"system.{kind}", str(path), "a" * 64, 10, metadata)


def test_a_confusion_matrix_is_a_heat_map_of_all_counts(tmp_path):
    matrix = {"annotationSpecs": [{"displayName": n} for n in CLASSES], "rows": [{"row": row} for row in MATRIX]}
    page = shown(
        ArtifactRecord("made", "system.ClassificationMetrics", "", metadata={"confusionMatrix": matrix}), tmp_path
    )
    cells = re.findall(r'<td class="(right|wrong)"[^>]*>(\d+)</td>', page)
    assert [int(count) for _, count in cells] == [count for row in MATRIX for count in row]
    assert [kind for kind, _ in cells].count("right") == len(CLASSES)
    assert "three predicted as two: 3 (4.41 %)" in page and "98.61 %" in page


def test_a_matrix_of_the_wrong_shape_is_not_available(tmp_path):
    matrix = {"annotationSpecs": [{"displayName": "a"}], "rows": []}
    page = shown(
        ArtifactRecord("made", "system.ClassificationMetrics", "", metadata={"confusionMatrix": matrix}), tmp_path
    )
    assert "not available (a confusion matrix of 0 rows for 1 classes)" in page


def test_a_roc_curve_is_drawn(tmp_path):
    points = [
        {"confidenceThreshold": 1 - i / 4, "recall": (i / 4) ** 0.5, "falsePositiveRate": i / 4} for i in range(5)
    ]
    record = ArtifactRecord("made", "system.ClassificationMetrics", "", metadata={"confidenceMetrics": points})
    assert 'aria-label="ROC curve"' in shown(record, tmp_path)


def test_a_latency_table_shows_limit_and_choice(tmp_path):
    device = tmp_path / "device"
    device.write_text('{"format": "milonga.device/1", "limits": {"latency_p95_ms": 2.0, "size_mib": 1}}')
    profile = ArtifactRecord("device", "system.Artifact", str(device), metadata={"milonga_type": "DeviceProfile"})
    page = shown(
        artifact(tmp_path, "LatencyTable", latency_table()),
        tmp_path,
        input_artifacts={"device": profile},
        outputs={"level": 3, "fastest_p95_ms": 1.9352},
    )
    assert "limit 2.0 ms" in page and page.count('<strong class="chosen">') == 1
    assert "too slow, too large" in page and "ConvInteger is not implemented" in page


def test_a_latency_table_without_a_profile_claims_no_limit(tmp_path):
    page = shown(
        artifact(tmp_path, "LatencyTable", latency_table()), tmp_path, outputs={"artefact": "onnxruntime-int8"}
    )
    assert "no limits known" in page and 'class="limit"' not in page
    assert "chosen" not in page  # three levels have an artefact of that name


def test_a_compiled_model_shows_every_candidate_and_the_chosen_one(tmp_path):
    page = shown(artifact(tmp_path, "CompiledModel", compiled_model()), tmp_path)
    for words in (
        "99.17 %",
        "96.94 %",
        "0.28 %",
        "3.1e-07",
        "323 KiB",
        "the CPU provider has no fp16 Conv",
        "limit 2.0",
    ):
        assert words in page
    assert page.count('<strong class="chosen">') == 1 and "onnxruntime-int8 ★" in page
    assert "5f" * 32 in page


@pytest.mark.parametrize(("passed", "word"), [(True, "passed"), (False, "not passed")])
def test_an_evaluation_says_whether_its_gate_passed(tmp_path, passed, word):
    page = shown(artifact(tmp_path, "Evaluation", evaluation(passed=passed)), tmp_path)
    assert re.search(rf"Gate <span[^>]*>.*?</svg>{word}</span>", page)
    assert "drop_max" in page and "Confusion matrix" in page


def test_an_evaluation_whose_file_is_gone_still_has_its_recorded_numbers(tmp_path):
    record = ArtifactRecord(
        "e", "system.Metrics", str(tmp_path / "gone"), metadata={"accuracy": 0.5, "milonga_type": "Evaluation"}
    )
    page = shown(record, tmp_path)
    assert "0.5" in page and "is not there any more)" in page


def test_html_is_framed_without_any_rights(tmp_path):
    source = '<script>parent.x=1</script><p title="q\'">5 &lt; 6 é</p>'
    page = shown(artifact(tmp_path, "HTML", source), tmp_path)
    frame = PageParts(page).all("iframe")
    assert [(item["sandbox"], item["srcdoc"]) for item in frame] == [("", source)]
    assert 'href="./../../store/made"' in page


def test_large_html_is_linked_only(tmp_path):
    page = shown(artifact(tmp_path, "HTML", "x" * 200_001), tmp_path)
    assert "iframe" not in page and "too large to be shown here" in page and "./../../store/made" in page


def test_markdown_is_shown_as_written(tmp_path):
    assert "# T\n\n&lt;b&gt;" in shown(artifact(tmp_path, "Markdown", "# T\n\n<b>"), tmp_path)


def test_content_outside_the_state_folder_is_named_not_linked(tmp_path):
    (tmp_path / "elsewhere").write_text("<p>")
    page = shown(ArtifactRecord("h", "system.HTML", str(tmp_path / "elsewhere")), tmp_path / "home")
    assert "<a " not in page and "elsewhere" in page


@pytest.mark.parametrize("kind", sorted({*FILES, "HTML", "Markdown"}))
@pytest.mark.parametrize(
    "uri", ["", "s3://bucket/key", "/no/such/file", "/", "a\x00b", "file:///no%20such", "\ud800", "x" * 5000]
)
def test_content_that_is_not_here_is_said_with_the_reason(tmp_path, kind, uri):
    metadata = {"milonga_type": kind} if kind in FILES else {}
    page = shown(ArtifactRecord("made", f"system.{kind}", uri, metadata=metadata), tmp_path)
    assert "not available (" in page


@pytest.mark.parametrize("kind", sorted(FILES))
@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": "other/9"}', "[" * 100_000, "\x00", "1e999"])
def test_content_of_another_form_is_said_with_the_reason(tmp_path, kind, text):
    assert "not available (" in shown(artifact(tmp_path, kind, text), tmp_path)


def test_content_that_is_no_text_is_said(tmp_path):
    record = artifact(tmp_path, "LatencyTable", "")
    Path(record.uri).write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in shown(record, tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
KEYS = [
    "candidates",
    "classes",
    "limits",
    "chosen",
    "level",
    "family",
    "status",
    "p95_ms",
    "p50_ms",
    "artefact",
    "validation_accuracy",
    "calibration",
    "runtime_versions",
    "gate",
    "checks",
    "per_class",
    "confusion_matrix",
    "history",
    "epoch",
    "hyperparameters",
    "passed",
    "name",
    "value",
    "limit",
    "row",
    "confusionMatrix",
    "annotationSpecs",
    "rows",
    "displayName",
    "confidenceMetrics",
    "recall",
    "falsePositiveRate",
    "evaluationSlices",
]
LIKELY = st.recursive(
    JSON,
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=8) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@pytest.mark.parametrize("kind", sorted(FILES))
@given(content=st.dictionaries(st.sampled_from(KEYS), LIKELY, max_size=8))
def test_no_content_breaks_the_page(tmp_path, kind, content):
    shown(artifact(tmp_path, kind, json.dumps({**content, "format": FILES[kind][1]})), tmp_path)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(kind=st.sampled_from(sorted(RENDERERS)), metadata=st.dictionaries(st.sampled_from(KEYS), LIKELY, max_size=8))
def test_no_metadata_breaks_the_page(tmp_path, kind, metadata):
    shown(ArtifactRecord("made", kind, "", metadata=metadata), tmp_path)


def test_a_view_is_what_a_renderer_gets():
    assert set(View.__dataclass_fields__) == {"name", "record", "task", "places"}
