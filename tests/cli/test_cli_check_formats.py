"""`milonga check`: several sources, and the forms of its findings: for a person, as JSON, as SARIF."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sarif_shapes import check_log

from milonga.cli.findings import FORMATS

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MILONGA_SHARED", ROOT.parent / "shared"))
SCHEMA = Path(os.environ.get("MILONGA_SARIF_SCHEMA") or SHARED / "schemas" / "sarif" / "sarif-schema-2.1.0.json")

GOOD = """
    from milonga import component, pipeline

    @component
    def double(number: int) -> int:
        return 2 * number

    @pipeline
    def numbers(number: int = 1) -> int:
        return double(number)
"""
BAD = GOOD.replace("return double(number)", 'double("one")\n        return double(numbr=1)')
GRAPH = """\
pipelineInfo: {name: nowhere}
schemaVersion: 2.1.0
root:
  dag:
    tasks:
      first:
        taskInfo: {name: first}
        componentRef: {name: comp-absent}
      "second {x} \\"y\\"":
        taskInfo: {name: second}
        componentRef: {name: comp-absent}
"""


@pytest.fixture
def sources(here: Any) -> Any:
    here.write("good.py", GOOD)
    here.write("bad.py", BAD)
    here.write("graph.yaml", GRAPH)
    return here


def sarif(ended: Any) -> dict[str, Any]:
    check_log(ended.json)
    run: dict[str, Any] = ended.json["runs"][0]
    return run


# Several sources --------------------------------------------------------------------------------------------------


def test_the_findings_of_all_sources_are_reported_under_their_names(sources) -> None:
    ended = sources("check", "good.py", "bad.py", "graph.yaml")
    assert ended.code == 1
    assert "good.py:\n" not in ended.out and "bad.py:\n" in ended.out and "graph.yaml:\n" in ended.out
    assert "5 errors in 3 sources" in ended.err
    assert {finding["source"] for finding in sources("check", "bad.py", "graph.yaml", "--json").json["findings"]} == {
        "bad.py",
        "graph.yaml",
    }


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["good.py", "good.py"], 0),
        (["good.py", "bad.py"], 1),
        (["good.py", "absent.py"], 2),
        (["absent.py", "bad.py"], 2),
        (["absent.py"], 2),
    ],
)
def test_the_exit_code_is_the_worst_of_all(sources, names: list[str], code: int) -> None:
    assert sources("check", *names).code == code


def test_a_source_that_cannot_be_read_does_not_hide_the_findings_of_others(sources) -> None:
    ended = sources("check", "absent.py", "bad.py", "--json")
    assert ended.json["findings"][0]["code"] == "E908"
    assert {"E113", "E111"} <= {finding["code"] for finding in ended.json["findings"]}


def test_modules_of_one_name_are_not_taken_for_each_other(here) -> None:
    for folder, kind in (("one", "int"), ("two", "str")):
        here.write(
            f"{folder}/steps.py",
            f"from milonga import component\n\n@component\ndef step(value: {kind}) -> {kind}:\n    return value\n",
        )
        here.write(
            f"{folder}/flow.py",
            "from milonga import pipeline\nfrom steps import step\n\n"
            f"@pipeline\ndef p(value: {kind}) -> {kind}:\n    return step(value)\n",
        )
    ended = here("check", "one/flow.py", "two/flow.py")
    assert (ended.code, ended.out) == (0, ""), ended.out


def test_a_file_that_ends_the_process_is_a_finding(sources) -> None:
    sources.write("leaves.py", "import os\n\nos._exit(0)\n")
    ended = sources("check", "leaves.py", "bad.py", "--json")
    codes = [finding["code"] for finding in ended.json["findings"]]
    assert ended.code == 1 and codes[0] == "E163" and "E113" in codes


# For a person -----------------------------------------------------------------------------------------------------


def test_a_finding_of_a_pipeline_file_has_its_line(sources) -> None:
    ended = sources("check", "graph.yaml")
    assert "  at: graph.yaml:6 (root/first)\n" in ended.out
    assert '  at: graph.yaml:9 (root/second {x} "y")\n' in ended.out


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pipelineInfo: {name: x}\nroot:\n  dag:\n    tasks:\n      a.b: {taskInfo: {name: 7}}\n", "5"),
        ('{"pipelineInfo": {"name": "x"},\n "root": {"dag": 3}}', "2"),
        ("a: [1\nb: }\n", "2"),
    ],
)
def test_an_error_of_reading_has_its_line_as_well(here, text: str, place: str) -> None:
    here.write("wrong.yaml", text)
    (finding,) = here("check", "wrong.yaml", "--json").json["findings"]
    assert (finding["file"], str(finding["line"])) == ("wrong.yaml", place)
    assert finding["where"].startswith(f"wrong.yaml:{place}")


def test_the_last_line_counts_and_says_how_to_go_on(sources) -> None:
    assert sources("check", "good.py").err == "no findings\n"
    assert sources("check", "bad.py").err.startswith("3 errors; 'milonga explain E113'")
    strict = sources("check", "good.py", "--target", "kfp", "--strict")
    assert strict.code == 0 and strict.out == ""


@pytest.mark.slow
def test_there_is_colour_on_a_terminal_only(sources) -> None:
    script = (
        "import os, pty, sys\n"
        "command = [sys.executable, '-m', 'milonga', 'check', 'bad.py', *sys.argv[1:]]\n"
        "sys.exit(os.waitstatus_to_exitcode(pty.spawn(command)))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}

    def on_a_terminal(*options: str, **variables: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script, *options],
            cwd=sources.folder,
            env={**environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout

    assert "\x1b[31m" in on_a_terminal()
    assert "\x1b" not in on_a_terminal(NO_COLOR="1")
    assert "\x1b" not in on_a_terminal("--json")
    assert "\x1b" not in sources("check", "bad.py").out


def test_a_file_cannot_control_the_terminal(here) -> None:
    here.write("graph.yaml", GRAPH.replace("first:", '"\\e[31m\\n":'))
    ended = here("check", "graph.yaml")
    assert ended.code == 1 and "\x1b" not in ended.out and "root/\\x1b[31m\\n" in ended.out


def test_a_name_that_is_no_text_is_reported_in_every_form(here) -> None:
    path = here.folder / os.fsdecode(b"a\xff.yaml")
    path.write_text(GRAPH, encoding="utf-8")
    for form in FORMATS:
        ended = here("check", path.name, "--format", form, "-o", f"out.{form}")
        assert ended.code == 1 and "E210" in (here.folder / f"out.{form}").read_text("utf-8")
    log = json.loads((here.folder / "out.sarif").read_text("utf-8"))
    check_log(log)
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "a%FF.yaml"


# Forms and files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["good.py", "bad.py"])
def test_a_file_gets_what_stdout_would_get(sources, form: str, name: str) -> None:
    shown = sources("check", name, "--format", form)
    ended = sources("check", name, "--format", form, "-o", "out/findings.txt")
    assert ended.out == "" and ended.code == shown.code
    assert (sources.folder / "out" / "findings.txt").read_text("utf-8") == shown.out
    assert sources("check", name, "--format", form, "-o", "-").out == shown.out


def test_json_is_short_for_format_json(sources) -> None:
    assert sources("check", "bad.py", "--json").out == sources("check", "bad.py", "--format", "json").out
    assert sources("check", "good.py", "--json").json == {"findings": []}
    assert sources("check", "bad.py", "--json", "--format", "json").code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["bad.py", "--json", "--format", "sarif"], "E900"),
        (["bad.py", "--format", "xml"], "E900"),
        (["bad.py", "--target", "nowhere", "--format", "sarif"], "E907"),
        (["bad.py", "-o", "bad.py/out.sarif"], "E919"),
        (["bad.py", "-o", ""], "E900"),
        ([], "E900"),
    ],
)
def test_wrong_usage_writes_nothing(sources, arguments: list[str], code: str) -> None:
    before = sorted(sources.folder.rglob("*.sarif"))
    ended = sources("check", *arguments)
    assert ended.code == 2 and f"{code}" in ended.out + ended.err and "Traceback" not in ended.err
    assert sorted(sources.folder.rglob("*.sarif")) == before


# SARIF ------------------------------------------------------------------------------------------------------------


def test_a_good_pipeline_is_a_log_without_results(sources) -> None:
    run = sarif(sources("check", "good.py", "--format", "sarif"))
    assert run["results"] == [] and run["tool"]["driver"]["rules"] == []
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_a_result_says_where_in_the_authors_file(sources) -> None:
    run = sarif(sources("check", "bad.py", "--format", "sarif"))
    lines = (sources.folder / "bad.py").read_text().splitlines()
    result = next(result for result in run["results"] if result["ruleId"] == "E113")
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "bad.py", "uriBaseId": "%SRCROOT%"}
    assert 'double("one")' in lines[physical["region"]["startLine"] - 1]
    assert result["message"]["text"].splitlines()[0] == "wrong type for input 'number' of 'double'"
    assert "expected: int" in result["message"]["text"] and result["level"] == "error"


def test_rules_carry_the_explanations(sources) -> None:
    rules = {
        rule["id"]: rule for rule in sarif(sources("check", "bad.py", "--format", "sarif"))["tool"]["driver"]["rules"]
    }
    rule = rules["E113"]
    assert rule["shortDescription"]["text"] == "A value of the wrong type"
    assert "```python" in rule["help"]["markdown"] and "Mend: " in rule["help"]["text"]
    assert rule["helpUri"].endswith("errors.md#e113") and rule["fullDescription"]["text"].startswith("A value")


def test_a_pipeline_file_has_line_and_task(sources) -> None:
    first, second = sarif(sources("check", "graph.yaml", "--format", "sarif"))["results"]
    assert first["locations"][0]["physicalLocation"]["region"]["startLine"] == 6
    (logical,) = first["locations"][0]["logicalLocations"]
    assert logical == {"name": "first", "fullyQualifiedName": "root/first", "kind": "task"}
    assert second["locations"][0]["logicalLocations"][0]["name"] == 'second {x} "y"'


def test_fingerprints_survive_lines_that_move_and_tell_findings_apart(sources) -> None:
    def fingerprints(name: str) -> list[str]:
        run = sarif(sources("check", name, "--format", "sarif"))
        return [result["partialFingerprints"]["milongaFinding/v1"] for result in run["results"]]

    for name in ("bad.py", "graph.yaml"):
        before = fingerprints(name)
        path = sources.folder / name
        path.write_text("# a line more\n\n\n" + path.read_text("utf-8"), encoding="utf-8")
        assert fingerprints(name) == before and len(set(before)) == len(before) >= 2


def test_the_same_findings_are_the_same_bytes_wherever_they_were_made(milonga) -> None:
    logs = []
    for folder, seed in (("a", "1"), ("b/c", "2")):
        milonga.write(f"{folder}/bad.py", BAD)
        milonga.folder, before = milonga.folder / folder, milonga.folder
        logs.append(
            milonga("check", "bad.py", "--format", "sarif", env={"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"}).out
        )
        milonga.folder = before
    assert logs[0] == logs[1] and str(milonga.folder) not in logs[0]


def test_a_file_elsewhere_is_named_by_its_whole_path(sources, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("else where") / "gräph#1.yaml"
    path.write_text(GRAPH, encoding="utf-8")
    run = sarif(sources("check", str(path), "--format", "sarif"))
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]} == {
        path.as_uri()
    }


def test_names_with_spaces_and_colons_become_addresses(here) -> None:
    here.write("a b/c:d%.yaml", GRAPH)
    run = sarif(here("check", "a b/c:d%.yaml", "--format", "sarif"))
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "a%20b/c%3Ad%25.yaml"


def test_a_source_that_cannot_be_read_is_a_notification_and_no_result(sources) -> None:
    ended = sources("check", "absent {0}.py", "bad.py", "--format", "sarif")
    run = sarif(ended)
    assert ended.code == 2 and "E908" not in {result["ruleId"] for result in run["results"]}
    (invocation,) = run["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert not invocation["executionSuccessful"] and notification["descriptor"] == {"id": "E908"}
    assert "absent {{0}}.py" in notification["message"]["text"]


def test_a_mistake_that_two_pipelines_share_is_one_result(here) -> None:
    two = (
        GOOD.replace("number: int)", "number)", 1)
        + "\n    @pipeline\n    def more() -> int:\n        return double(1)\n"
    )
    here.write("two.py", two)
    run = sarif(here("check", "two.py:numbers", "two.py:more", "--format", "sarif"))
    assert [result["ruleId"] for result in run["results"]] == ["E101"]


def test_targets_warn_and_have_a_category_of_their_own(here) -> None:
    here.write(
        "loop.py",
        """
        import milonga as ml
        from milonga import Dataset, component, pipeline

        @component
        def make(number: int) -> Dataset:
            made = Dataset.create_file()
            made.write_text(str(number))
            return made

        @component
        def use(data: Dataset) -> None: ...

        @pipeline
        def p() -> None:
            with ml.ParallelFor([1, 2]) as number:
                made = make(number)
            with ml.ParallelFor(ml.Collected(made)) as one:
                use(one)
        """,
    )
    ended = here("check", "loop.py", "--target", "kfp", "--format", "sarif")
    run = sarif(ended)
    assert ended.code == 0 and {result["level"] for result in run["results"]} == {"warning"}
    assert run["automationDetails"] == {"id": "milonga-check/kfp/"}
    strict = here("check", "loop.py", "--target", "kfp", "--strict", "--format", "sarif")
    assert strict.code == 1
    assert strict.out == ended.out.replace('"level": "warning"', '"level": "error"')


@pytest.mark.skipif(not SCHEMA.is_file(), reason=f"no SARIF schema at {SCHEMA}: set MILONGA_SARIF_SCHEMA")
def test_the_official_schema_accepts_what_is_written(sources) -> None:
    import jsonschema

    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    for names in (["good.py"], ["bad.py"], ["graph.yaml"], ["absent.py", "bad.py", "graph.yaml"]):
        validator.validate(sources("check", *names, "--format", "sarif").json)


@pytest.mark.slow
def test_thousands_of_findings_are_written(here) -> None:
    tasks = "".join(f"      t{number}: {{componentRef: {{name: absent}}}}\n" for number in range(2_000))
    here.write("many.yaml", "pipelineInfo: {name: many}\nroot:\n  dag:\n    tasks:\n" + tasks)
    run = sarif(here("check", "many.yaml", "--format", "sarif"))
    assert len(run["results"]) >= 2_000 and len(run["tool"]["driver"]["rules"]) < 5


def test_a_source_that_cannot_be_read_is_in_the_sarif_log_and_on_stderr(here) -> None:
    ended = here("check", "nowhere.py", "--format", "sarif", "-o", "log.sarif")
    assert ended.code == 2
    assert "E908" in ended.err
    (run,) = json.loads((here.folder / "log.sarif").read_text())["runs"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "nowhere.py" in notification["message"]["text"]
