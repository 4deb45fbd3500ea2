"""Damaged pipeline files: each gets a verdict, and what is found right is right all the way to the targets.

A verdict is a `MilongaError` with a code of its own, findings, or none. Anything else (another exception, more than a
few seconds) is a mistake of ours. Documents are numbered: `judge(text_of(n), ...)` shows one again.
"""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fuzzing import EXOTIC, WIDE, damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milonga.compiler.documents import dump_graph, dump_yaml, load_graph, parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.targets import TARGETS, target_named
from milonga.errors import MilongaError

HERE = Path(__file__).parent
CORPUS = Path(os.environ.get("MILONGA_CONFORMANCE") or HERE.parents[2] / "shared" / "conformance")
BYTES_MAX = 12_000
SECONDS_MAX = 5


def seeds() -> list[list]:
    """Small right files of our own, and those of kfp where they are at hand."""
    folders = [HERE / "graph" / "files", HERE / "rules" / "wrong_programs", HERE.parent / "goldens", CORPUS]
    paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*.yaml"))]
    found = []
    for path in paths:
        if path.stat().st_size <= BYTES_MAX and "invalid" not in path.parts:
            found.append(list(yaml.safe_load_all(path.read_text("utf-8"))))
    return found


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Processor time, so that a busy machine is no failure."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def judge(text: str, path: Path) -> str:
    """The verdict on one document; raises what is none."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with time_limit(SECONDS_MAX):
        try:
            graph = load_graph(path)
        except MilongaError as error:
            assert str(path) in error.where and error.message, error
            return f"refused {error.code}"
        findings = check(graph)
        for finding in findings:
            assert str(finding).isprintable() or "\n" in str(finding)
        if any(finding.severity == "error" for finding in findings):
            return "errors"
        follow_through(graph)
        return "warnings" if findings else "no findings"


def follow_through(graph: Graph) -> None:
    """What the rules find right is written, read again as the same, and taken or refused by each target."""
    again = Graph.from_documents(parse_documents(dump_graph(graph)))
    assert again.digest() == graph.digest()
    for name in TARGETS:
        target = target_named(name)
        with contextlib.suppress(MilongaError):
            list(target.findings(graph))
            parse_documents(target.emit(graph))


def judged(numbers: range, folder: Path) -> Counter[str]:
    documents, verdicts = seeds(), Counter[str]()
    for number in numbers:
        text = damaged(documents, number)
        try:
            verdicts[judge(text, folder / "damaged.yaml")] += 1
        except Exception as error:
            raise AssertionError(f"document {number}: {type(error).__name__}: {error}\n{text[:2000]}") from error
    print(f"\n{sum(verdicts.values())} documents: " + ", ".join(f"{n} {name}" for name, n in verdicts.most_common()))
    return verdicts


@pytest.mark.slow
def test_every_damaged_file_gets_a_verdict(tmp_path):
    verdicts = judged(range(120), tmp_path)
    assert {"errors", "warnings", "no findings", "refused E200", "refused E201", "refused E202"} <= set(verdicts)


@pytest.mark.slow
def test_every_one_of_ten_thousand_damaged_files_gets_a_verdict(tmp_path):
    verdicts = judged(range(1_000, 11_000), tmp_path)
    assert sum(verdicts.values()) == 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYS = ("pipelineInfo", "root", "components", "deploymentSpec", "dag", "tasks", "inputDefinitions", "schemaVersion")


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60, deadline=None
)
def test_any_json_under_the_keys_of_a_pipeline_gets_a_verdict(tmp_path, document):
    judge(yaml.safe_dump(document, allow_unicode=False), tmp_path / "any.yaml")


@given(st.text(alphabet="abc:-{}[]&*!|>'\"%@#?, \n\t01<~=.", max_size=60))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=100, deadline=None
)
def test_any_text_gets_a_verdict(tmp_path, text):
    judge(text, tmp_path / "any.yaml")


@pytest.mark.parametrize("value", EXOTIC, ids=lambda value: value[:20])
def test_a_value_that_only_yaml_has_is_refused_by_its_place_or_comes_back_as_json(tmp_path, value):
    text = "---\n".join(map(dump_yaml, WIDE))
    planted = text.replace("metadata:\n          constant: 1", f"metadata:\n          constant: {value}")
    assert planted != text
    path = tmp_path / "planted.yaml"
    verdict = judge(planted, path)
    if verdict != "no findings":
        assert verdict in ("refused E200", "refused E201")
        with pytest.raises(MilongaError, match=r"metadata|YAML|nested"):
            load_graph(path)


@pytest.mark.parametrize("count", [100, 3_000, 200_000])
@pytest.mark.parametrize("opening, closing", [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")])
def test_nesting_without_end_is_refused_and_does_not_take_the_process_down(tmp_path, opening, closing, count):
    text = f"pipelineInfo:\n  name: p\nroot:\n  {opening * count}1{closing * count}\n"
    assert judge(text, tmp_path / "deep.yaml").startswith("refused E20")
