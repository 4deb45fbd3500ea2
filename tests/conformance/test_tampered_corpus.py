"""Every key and every matcher of a corpus can fail: one wrong word in expected.json is a failed case that names it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milonga.cli.main import run_command_line
from milonga.testing.conformance import ObservedArtifact, ObservedRun, ObservedTask, RunRequest
from milonga.testing.conformance.checks import CHECKS
from milonga.testing.conformance.matchers import MATCHERS

TEXT = "one\ntwo"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


class StoredRunBackend:
    """A back end of another team: whatever it is given, it has always done the same, and says so."""

    provides = frozenset({"secrets"})

    def read(self, file: Path) -> None:
        """Every file is a pipeline to it."""

    def run(self, request: RunRequest) -> ObservedRun:
        home = request.home
        folder = home / "folder"
        (folder / "in").mkdir(parents=True, exist_ok=True)
        (folder / "in" / "a.txt").write_text("a")
        (home / "text").write_text(TEXT)
        (home / "log").write_text("start\nflipped 4\nend\n")
        Path(request.arguments["left"]).write_text("left behind")
        text = ObservedArtifact("system.Dataset", "s3://b/k", {"rows": 2, "more": 1}, home / "text")
        tree = ObservedArtifact("system.Model", "s3://b/t", {}, folder)
        given = request.artifact_arguments["data"]
        secret = request.secrets["vault"]["key"]

        def ran(start: float, end: float, **details: Any) -> ObservedTask:
            return ObservedTask("SUCCEEDED", attempts=1, started_at=start, ended_at=end, **details)

        return ObservedRun(
            "SUCCEEDED",
            outputs={"count": 3, "text": TEXT, "items": [1, 2.5], "long": request.arguments["long"], "secret": secret},
            output_artifacts={"text": text, "tree": tree, "both": (text, tree)},
            tasks={
                "flip": ran(
                    0, 1, is_cached=request.use_cache, parameters={"n": 4}, artifacts={"t": text}, log=home / "log"
                ),
                "low": ObservedTask("SKIPPED"),
                "high": ran(1, 2, parameters={"n": 4, "given": given.path.read_text(), "kind": given.metadata["k"]}),
                "loop": ran(2, 5, iterations=2),
                "loop[0]/step": ran(2, 4),
                "loop[1]/step": ran(3, 5),
                "late": ObservedTask("NOT_RUN"),
            },
        )


RIGHT: dict[str, Any] = {
    "id": "right",
    "arguments": {"left": "${TMP}/left.txt", "long": {"$repeat": ["ab", 3]}},
    "artifact_arguments": {"data": {"type": "system.Dataset", "text": "given", "metadata": {"k": 7}}},
    "secrets": {"vault": {"key": "s3cr3t"}},
    "state": "SUCCEEDED",
    "outputs": {"count": 3, "items": [1, 2.5], "long": "ababab", "secret": "s3cr3t"},
    "outputs_absent": ["nothing"],
    "output_artifacts": {
        "text": {"type": "system.Dataset", "uri": "s3://b/k", "text": TEXT, "metadata": {"rows": 2}},
        "tree": {"files": {"in/a.txt": "a"}},
        "both": [{"text": TEXT}, {"type": "system.Model"}],
    },
    "tasks": {
        "flip": {
            "state": "SUCCEEDED",
            "parameters": {"n": 4},
            "artifacts": {"t": {"text": TEXT}},
            "log_lines": ["start", "end"],
            "attempts": 1,
        },
        "low": {"state": "SKIPPED"},
        "high": {"parameters": {"given": "given", "kind": 7}},
        "loop": {"iterations": 2},
        "late": {"state": {"$one_of": ["SUCCEEDED", "NOT_RUN"]}},
    },
    "files": {"${TMP}/left.txt": "left behind"},
    "rules": [
        {"rule": "runs_iff", "task": "high", "when": [["flip#parameters.n", ">", 3]]},
        {"rule": "exactly_one", "tasks": ["low", "high"]},
        {"rule": "at_least_one", "tasks": ["low", "high"], "state": "SKIPPED"},
        {"rule": "equal", "left": "high#parameters.n", "right": {"ref": "flip#parameters.n"}},
        {"rule": "equal", "left": "#outputs.items", "right": {"list": [1, 2.5]}},
        {"rule": "in_range", "ref": "flip#parameters.n", "min": 0, "max": 9, "integer": True},
        {"rule": "value_in", "ref": "flip#parameters.n", "values": [3, 4]},
        {"rule": "logs", "task": "flip", "line": "flipped {flip#parameters.n}"},
        {"rule": "value_in", "ref": "flip#parameters.n", "values": [], "if": [["flip#parameters.n", "<", 3]]},
    ],
    "alternatives": [
        {"when": [["flip#parameters.n", "<=", 3]], "tasks": {"low": {"state": "SUCCEEDED"}}},
        {"when": [["flip#parameters.n", ">", 3]], "state": "SUCCEEDED", "tasks": {"low": {"state": "SKIPPED"}}},
    ],
    "order": [["flip", "loop"]],
    "limits": {"loop": 2},
    "second_run": {"cached": ["flip"], "executed": ["high"]},
    "established": {"state": "hand"},
    "confidence": "high",
}

TAMPERED: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("arguments", "long"), {"$repeat": ["ab", 4]}, "outputs.long: expected 'ababab', got 'abababab'"),
    (("artifact_arguments", "data", "text"), "other", "tasks.high.parameters.given: expected 'given', got 'other'"),
    (("artifact_arguments", "data", "metadata", "k"), 8, "tasks.high.parameters.kind: expected 7, got 8"),
    (("secrets", "vault", "key"), "another", "outputs.secret: expected 's3cr3t', got 'another'"),
    (("state",), "FAILED", "state: expected 'FAILED', got 'SUCCEEDED'"),
    (("outputs", "count"), 3.5, "outputs.count: expected 3.5, got 3"),
    (("outputs", "count"), "3", "outputs.count: expected '3', got 3"),
    (("outputs", "items"), [2.5, 1], "outputs.items[0]: expected 2.5, got 1"),
    (("outputs", "missing"), 1, "outputs.missing: expected 1, got no value"),
    (("outputs_absent",), ["count"], "outputs.count: expected no value, got 3"),
    (("outputs_absent",), ["tree"], "outputs.tree: expected no value"),
    (("output_artifacts", "text", "type"), "system.Model", "output_artifacts.text.type:"),
    (("output_artifacts", "text", "uri"), "s3://b/q", "output_artifacts.text.uri:"),
    (("output_artifacts", "text", "text"), "one", "output_artifacts.text.text:"),
    (("output_artifacts", "text", "metadata", "rows"), 3, "output_artifacts.text.metadata.rows: expected 3, got 2"),
    (("output_artifacts", "tree", "files", "in/a.txt"), "b", "output_artifacts.tree.files.in/a.txt: expected 'b'"),
    (("output_artifacts", "tree", "files"), {}, "output_artifacts.tree.files.in/a.txt: expected no value"),
    (("output_artifacts", "both"), [{}], "output_artifacts.both: expected 1 artifacts, got 2"),
    (("output_artifacts", "both", 1, "type"), "system.Dataset", "output_artifacts.both[1].type:"),
    (("tasks", "flip", "state"), "FAILED", "tasks.flip.state: expected 'FAILED', got 'SUCCEEDED'"),
    (("tasks", "low", "state"), "NOT_RUN", "tasks.low.state: expected 'NOT_RUN', got 'SKIPPED'"),
    (("tasks", "late", "state"), "SKIPPED", "tasks.late.state: expected 'SKIPPED', got 'NOT_RUN'"),
    (("tasks", "nobody"), {"state": "SUCCEEDED"}, "tasks.nobody.state: expected 'SUCCEEDED', got no value"),
    (("tasks", "flip", "parameters", "n"), 5, "tasks.flip.parameters.n: expected 5, got 4"),
    (("tasks", "flip", "artifacts", "t", "text"), "x", "tasks.flip.artifacts.t.text: expected 'x'"),
    (("tasks", "flip", "log_lines"), ["end", "start"], "tasks.flip.log_lines[1]: expected 'start', not found"),
    (("tasks", "flip", "log_lines"), ["flipped"], "tasks.flip.log_lines[0]: expected 'flipped', not found"),
    (("tasks", "flip", "attempts"), 2, "tasks.flip.attempts: expected 2, got 1"),
    (("tasks", "loop", "iterations"), 3, "tasks.loop.iterations: expected 3, got 2"),
    (("files", "${TMP}/left.txt"), "right", "files.left.txt: expected 'right', got 'left behind'"),
    (("files", "${TMP}/absent.txt"), "", "files.absent.txt: expected '', got no value"),
    (("rules", 0, "when", 0, 2), 4, "rules[0] runs_iff: high: expected that it does not run, got SUCCEEDED"),
    (("rules", 0, "task"), "low", "rules[0] runs_iff: low: expected SUCCEEDED, got SKIPPED"),
    (("rules", 1, "tasks"), ["flip", "high"], "rules[1] exactly_one:"),
    (("rules", 2, "state"), "FAILED", "rules[2] at_least_one: expected FAILED"),
    (("rules", 3, "right"), 5, "rules[3] equal: high#parameters.n: expected 5, got 4"),
    (("rules", 4, "right", "list"), [1, {"ref": "flip#parameters.n"}], "rules[4] equal: #outputs.items[1]:"),
    (("rules", 5, "max"), 3, "rules[5] in_range: flip#parameters.n: expected $range"),
    (("rules", 6, "values"), [3], "rules[6] value_in: flip#parameters.n: expected $one_of"),
    (("rules", 7, "line"), "flipped {flip#parameters.m}", "rules[7] logs: flip.log_lines[0]:"),
    (("rules", 8, "if", 0, 2), 5, "rules[8] value_in:"),
    (("alternatives", 1, "state"), "FAILED", "alternatives: none fits"),
    (("alternatives", 0), {"tasks": {"low": {"state": "SKIPPED"}}}, "alternatives: expected exactly one that fits"),
    (("order", 0), ["loop", "flip"], "order: 'loop' ended"),
    (("order", 0), ["flip", "low"], "order: expected 'flip' before 'low', and 'low' did not run"),
    (("limits", "loop"), 1, "limits.loop: expected at most 1 iterations at a time, got 2"),
    (("second_run", "cached"), ["high"], "second_run.high: expected cached, got executed"),
    (("second_run", "executed"), ["flip"], "second_run.flip: expected executed, got cached"),
    (("second_run", "executed"), ["low"], "second_run.low: expected executed, got did not run"),
]

MATCHES: list[tuple[Any, Any]] = [
    ({"$one_of": ["x", {"$starts_with": "one"}]}, {"$one_of": ["x", {"$starts_with": "two"}]}),
    ({"$range": [3, 3]}, {"$range": [0, 2.9]}),
    ({"$type": "integer"}, {"$type": "string"}),
    ({"$regex": "t.o$"}, {"$regex": "^two"}),
    ({"$starts_with": "one\n"}, {"$starts_with": "two"}),
    ({"$length": 7}, {"$length": 6}),
    ({"$line_count": 2}, {"$line_count": 1}),
    ({"$sha256": DIGEST}, {"$sha256": DIGEST[::-1]}),
    ({"$repeat": [TEXT, 1]}, {"$repeat": [TEXT, 2]}),
]
"""Each matcher as it holds and as it does not, of the text or the number."""

Verdicts = Callable[[list[dict[str, Any]]], dict[str, tuple[str, str]]]


def tampered(place: tuple[str | int, ...], value: Any, case: str) -> dict[str, Any]:
    made: Any = copy.deepcopy(RIGHT)
    made["id"] = case
    inner: Any = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    found: dict[str, Any] = made
    return found


@pytest.fixture
def verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verdicts:
    """What the command says of cases of one file: `verdicts(cases)["id"]` is a verdict and its reason."""

    def judge(cases: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
        (tmp_path / "a.yaml").write_text("a")
        (tmp_path / "expected.json").write_text(json.dumps({"files": {"a.yaml": {"cases": cases}}}))
        backend = f"{__name__}:{StoredRunBackend.__name__}"
        code = run_command_line(["conformance", str(tmp_path), "--backend", backend, "--json"])
        captured = capsys.readouterr()
        assert code in (0, 1), captured
        found = json.loads(captured.out)["cases"]
        assert code == any(item["verdict"] == "failed" for item in found)
        return {item["case"]: (item["verdict"], item["reason"]) for item in found}

    return judge


def test_each_tampered_key_fails_its_case_and_is_the_first_difference(verdicts: Verdicts) -> None:
    cases = [tampered(place, value, f"{number}") for number, (place, value, _) in enumerate(TAMPERED)]
    found = verdicts([RIGHT, *cases])
    assert found.pop("right") == ("passed", "")
    for number, (place, _, reason) in enumerate(TAMPERED):
        verdict, said = found[f"{number}"]
        assert verdict == "failed", place
        assert said.startswith(reason), (place, said)


def test_every_key_that_a_corpus_knows_is_tampered_with() -> None:
    assert {place[0] for place, _, _ in TAMPERED} == {*CHECKS, "arguments", "artifact_arguments", "secrets"}
    assert set(RIGHT) >= set(CHECKS)


def test_each_matcher_holds_and_fails(verdicts: Verdicts) -> None:
    cases = []
    for holding, failing in MATCHES:
        name = next(iter(holding))
        place = ("outputs", "count" if name in ("$range", "$type") else "text")
        cases += [tampered(place, holding, f"{name} holds"), tampered(place, failing, f"{name} fails")]
    found = verdicts(cases)
    for holding, failing in MATCHES:
        name = next(iter(holding))
        assert found[f"{name} holds"] == ("passed", "")
        verdict, reason = found[f"{name} fails"]
        assert verdict == "failed"
        assert reason.startswith("outputs."), failing
        assert name in reason or name == "$repeat", failing  # which is written out before anything is compared


def test_every_matcher_is_among_them() -> None:
    assert {next(iter(holding)) for holding, _ in MATCHES} == set(MATCHERS)
