"""Everything of kfp as the target of every verb: objects in Python files, IR files, component files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("kfp", reason="kfp is not installed")

IMPORT = """
    from kfp import dsl
"""

COMPONENT = """
    @dsl.component(base_image="python:3.11", install_kfp_package=False)
    def add(a: int, b: int = 2) -> int:
        return a + b
"""

PIPELINE = """
    print("noise while the file is loaded")

    @dsl.pipeline
    def flow(a: int = 1) -> int:
        \"\"\"Add twice.\"\"\"
        return add(a=add(a=a).output).output
"""

FLOW = IMPORT + COMPONENT + PIPELINE

MIXED = (
    IMPORT
    + "    import milonga as ml\n    from milonga.compiler.interop import from_kfp\n"
    + COMPONENT
    + """
    @ml.component
    def triple(value: int) -> int:
        return value * 3

    @ml.pipeline
    def ours(a: int = 1) -> int:
        return triple(from_kfp(add)(a))

    @dsl.pipeline
    def theirs(a: int = 1) -> int:
        return triple.to_kfp()(value=add(a=a).output).output
"""
)

COMPONENT_FILE = """
    name: Greet
    description: Says hello.
    inputs: [{name: Who, type: String, default: you}]
    implementation: {container: {image: busybox, command: [echo, {inputValue: Who}]}}
"""


def test_a_pipeline_of_kfp_is_run_checked_shown_and_compiled(here) -> None:
    here.write("flow.py", FLOW)
    ended = here("run", "flow.py", "--a", "5", "--json")
    assert (ended.code, ended.json["outputs"]) == (0, {"Output": 9}), ended.err
    assert here("check", "flow.py:flow").code == 0
    assert "add-2(" in here("show", "flow.py:flow").out
    compiled = here("compile", "flow.py:flow", "-o", "flow.yaml")
    assert compiled.code == 0 and compiled.out == ""
    assert here("run", "flow.yaml", "--a", "6").out == "Output = 10\n"
    assert here("compile", "flow.py:flow", "-o", "flow.yaml", "--check").code == 0
    assert here("diff", "flow.py", "flow.yaml").code == 0


def test_inputs_of_a_pipeline_of_kfp_are_flags(here) -> None:
    here.write("flow.py", FLOW)
    shown = here("run", "flow.py", "--help")
    assert "--a INT" in shown.out and "default: 1" in shown.out and "Add twice." in shown.out
    assert here("run", "flow.py", "--a", "x").code == 2


def test_a_component_of_kfp_is_a_pipeline_of_one_task(here) -> None:
    here.write("flow.py", FLOW)
    here.write("step.py", IMPORT + COMPONENT)
    assert here("run", "flow.py:add", "--a", "1").out == "Output = 3\n"
    assert here("run", "step.py", "--a", "1").out == "Output = 3\n"


@pytest.mark.parametrize(("name", "expected"), [("ours", 12), ("theirs", 12)])
def test_pipelines_of_both_may_use_components_of_both(here, name: str, expected: int) -> None:
    here.write("mixed.py", MIXED)
    ended = here("run", f"mixed.py:{name}", "--a", "2", "--json")
    assert ended.json["outputs"] == {"Output": expected}, ended.err


def test_several_pipelines_of_both_kinds_are_listed(here) -> None:
    here.write("mixed.py", MIXED)
    ended = here("compile", "mixed.py")
    assert ended.code == 2 and "E909" in ended.err + ended.out
    assert "mixed.py:ours, mixed.py:theirs" in ended.err + ended.out


def test_what_a_file_only_imports_does_not_count(here) -> None:
    here.write("library.py", FLOW)
    here.write(
        "main.py",
        """
        from kfp import dsl
        from library import add, flow

        @dsl.pipeline
        def outer(a: int = 1) -> int:
            return add(a=flow(a=a).output).output

        also = outer
        """,
    )
    assert here("run", "main.py", "--a", "1").out == "Output = 7\n"


def test_components_are_listed_when_there_is_no_pipeline(here) -> None:
    here.write("steps.py", IMPORT + COMPONENT + COMPONENT.replace("add", "subtract"))
    ended = here("run", "steps.py")
    assert ended.code == 2 and "E909" in ended.err and "steps.py:add, steps.py:subtract" in ended.err


def test_a_component_file_is_a_pipeline(here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", "none")
    here.write("component.yaml", COMPONENT_FILE)
    assert "greet(who: STRING)" in here("show", "component.yaml").out
    assert here("compile", "component.yaml", "-o", "out.yaml").code == 0
    ended = here("run", "component.yaml", "--who", "me")
    assert ended.code == 1 and "E440" in ended.err and "busybox" in ended.err


BROKEN = {
    "wrong type": (
        FLOW.replace("add(a=a).output).output", 'add(a="text").output).output'),
        ["Incompatible argument", "flow.py:13"],
    ),
    "unknown argument": (FLOW.replace("add(a=a)", "add(c=a)"), ['unexpected keyword argument "c"', "flow.py:13"]),
    "no task": (FLOW.replace("return add(a=add(a=a).output).output", "return a"), ["flow.py:10"]),
    "no annotation": (FLOW.replace("a: int, b", "a, b"), ["flow.py:4"]),
    "output of a branch": (
        FLOW.replace(
            "return add(a=add(a=a).output).output",
            "with dsl.If(a == 1):\n            found = add(a=a)\n        return found.output",
        ),
        ["InvalidTopologyException", "flow.py:10"],
    ),
}


@pytest.mark.parametrize("verb", ["run", "check", "compile", "show"])
@pytest.mark.parametrize("case", BROKEN)
def test_what_kfp_refuses_is_one_clear_error_at_the_authors_line(here, case: str, verb: str) -> None:
    text, expected = BROKEN[case]
    here.write("flow.py", text)
    ended = here(verb, "flow.py:flow")
    shown = ended.out + ended.err
    assert ended.code == 1 and "Traceback" not in shown, shown
    assert shown.count("error E170") == 1 and "kfp refuses it" in shown, shown
    for item in expected:
        assert item in shown, shown


def test_a_bug_in_the_body_of_a_pipeline_is_the_authors_own(here) -> None:
    here.write("flow.py", FLOW.replace("add(a=a)", "add(a=1 // 0)"))
    ended = here("run", "flow.py")
    assert ended.code == 1 and "E163" in ended.err and "flow.py:13" in ended.err and "ZeroDivisionError" in ended.err


def test_without_kfp_the_extra_is_named(milonga, tmp_path: Path) -> None:
    here = milonga
    here.write("flow.py", FLOW)
    here.write("blocked/sitecustomize.py", "import sys\nsys.modules['kfp'] = None\n")
    ended = here(
        "run", "flow.py", "--json", env={"PYTHONPATH": os.pathsep.join([str(tmp_path / "blocked"), *sys.path])}
    )
    assert ended.code == 2, ended.err
    error = json.loads(ended.out)["error"]
    assert error["code"] == "E910" and "flow.py" in error["message"] and error["hint"] == "pip install 'milonga[kfp]'"


def test_a_file_of_milonga_does_not_import_kfp(milonga, flow: Path) -> None:
    flow.write_text(flow.read_text() + "\nimport atexit, sys\natexit.register(lambda: print('kfp' in sys.modules))\n")
    assert milonga("compile", "flow.py:p").out.endswith("False\n")


def test_an_input_whose_name_is_no_flag_is_set_by_name(here) -> None:
    here.write("flow.py", FLOW)
    here("compile", "flow.py:add", "-o", "add.yaml")
    path = here.folder / "add.yaml"
    path.write_text(path.read_text().replace(": b\n", ': "my b"\n').replace("  b:\n", '  "my b":\n'))
    assert "--my b" not in here("run", "add.yaml", "--help").out
    ended = here("run", "add.yaml", "--a", "1", "--set", "my b=x")
    assert ended.code == 2 and "E904" in ended.err and "'my b'" in ended.err
