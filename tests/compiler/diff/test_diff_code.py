"""Functions inside of containers: their code, and apart from it what carries them."""

import pytest
from diff_documents import FILES, needs_corpus

from milonga.compiler.diff import Change, compare, unified
from milonga.compiler.diff.programs import read_program
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Container, Graph
from milonga.compiler.trace.modules import packed_runtime
from milonga.runtime.program import LOADER, TaskProgram, pack

SOURCE = "def train(rows: int) -> int:\n    return rows + 1\n"
SCRIPT = (
    "\nif ! [ -x ]; then\n    python3 -m ensurepip\nfi\n\nPIP_X=1 python3 -m pip install --quiet {packages}"
    "'kfp=={version}' '--no-deps' 'typing-extensions>=3.7' && \"$0\" \"$@\"\n"
)
STARTER = (
    'program_path=$(mktemp -d)\n\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n'
    "_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main "
    '--component_module_path "$program_path/ephemeral_component.py" "$@"\n'
)


def milonga_step(source: str = SOURCE, runtime: str = "", loader: str = LOADER, **more) -> dict:
    program = TaskProgram(more.pop("function", "train"), source, **more)
    return {
        "image": "i",
        "command": ["python3", "-c", loader],
        "args": [runtime or packed_runtime(), *program.to_args()],
    }


def kfp_step(source: str = SOURCE, version: str = "2.14.3", packages: str = "", function: str = "train") -> dict:
    install = f"{packages} && python3 -m pip install --quiet " if packages else ""
    header = "\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\n"
    command = ["sh", "-c", SCRIPT.format(packages=install, version=version), "sh", "-ec", STARTER, header + source]
    return {"image": "i", "command": command, "args": ["--executor_input", "{{$}}", "--function_to_execute", function]}


def graph(container: dict, name: str = "train") -> Graph:
    document = {
        "pipelineInfo": {"name": "p"},
        "root": {"dag": {"tasks": {name: {"componentRef": {"name": "c"}}}}},
        "components": {"c": {"executorLabel": "e"}},
        "deploymentSpec": {"executors": {"e": {"container": container}}},
    }
    return Graph.from_documents((document,))


def told(before: dict, after: dict) -> list[tuple[str, str, bool]]:
    return [(c.kind, c.text, c.quiet) for c in compare(graph(before), graph(after))]


STEPS = pytest.mark.parametrize("step", [milonga_step, kfp_step])


@STEPS
def test_changed_code_is_told_with_the_number_of_lines(step):
    assert told(step(), step(source=SOURCE.replace("+ 1", "+ 2"))) == [
        ("code-changed", "code changed (+1 -1 lines)", False)
    ]


@STEPS
def test_comments_and_layout_are_told_quietly(step):
    longer = SOURCE.replace("return rows + 1", "# one more\n    return (rows  +  1)")
    assert told(step(), step(source=longer)) == [("code-layout", "code: comments or layout only (+2 -1 lines)", True)]


@STEPS
def test_the_name_of_a_function_alone_is_quiet(step):
    renamed = step(source=SOURCE.replace("train", "fit"), function="fit")
    assert told(step(), renamed) == [("function", "function train → fit", True)]


@STEPS
def test_a_function_that_moves_to_a_container_is_another_implementation(step):
    kinds = {kind for kind, _, _ in told(step(), {"image": "i", "command": ["train"]})}
    assert kinds == {"implementation", "command"}


def test_packages_are_told_and_kfp_itself_is_not_one():
    assert told(kfp_step(), kfp_step(packages="'numpy==2' --index-url https://me/simple")) == [
        ("packages", "index --index-url https://me/simple (not set before)", False),
        ("packages", "packages numpy==2 (not set before)", False),
    ]
    assert told(milonga_step(packages=("a", "b")), milonga_step(packages=("b", "a"))) == []


def test_a_newer_kfp_is_told_once_and_quietly():
    assert [(kind, quiet) for kind, _, quiet in told(kfp_step(), kfp_step(version="2.17.0"))] == [("runtime", True)]
    (change,) = compare(graph(kfp_step()), graph(kfp_step(version="2.17.0")))
    assert change.where == "pipeline" and change.text.startswith("kfp 2.14.3 (") and "→ 2.17.0 (" in change.text


def test_a_newer_milonga_is_told_once_and_quietly():
    newer = pack({"milonga/__about__.py": "__version__ = '99.0'\n"})
    for after in (milonga_step(runtime=newer), milonga_step(loader=LOADER + "pass\n")):
        (change,) = compare(graph(milonga_step()), graph(after))
        assert (change.where, change.kind, change.what, change.quiet) == ("pipeline", "runtime", "milonga", True)
    (change,) = compare(graph(milonga_step()), graph(milonga_step(runtime=newer)))
    assert "→ 99.0 (" in change.text


def test_modules_that_travel_are_compared_one_by_one():
    before = milonga_step(modules={"a.py": "x = 1\n", "b.py": "y = 1\n", "data.csv": "1,2\n"})
    after = milonga_step(modules={"a.py": "x = 2\n", "c.py": "z = 1\n", "data.csv": "1, 2\n"})
    assert told(before, after) == [
        ("code-changed", "a.py changed (+1 -1 lines)", False),
        ("code-changed", "data.csv changed (+1 -1 lines)", False),  # blanks of a data file are data
        ("module-added", "module c.py now travels with it", False),
        ("module-removed", "module b.py no longer travels with it", False),
    ]


def test_a_task_whose_function_was_renamed_is_recognised():
    renamed = milonga_step(source=SOURCE.replace("train", "fit").replace("+ 1", "+  1"), function="fit")
    changes = compare(graph(milonga_step()), graph(renamed, name="fit"))
    assert [(c.where, c.kind) for c in changes if not c.quiet] == [("fit", "task-renamed")]


def test_the_texts_and_their_difference_are_at_hand():
    after = SOURCE.replace("+ 1", "+ 2")
    (change,) = compare(graph(milonga_step()), graph(milonga_step(source=after)))
    assert (change.before, change.after) == (SOURCE, after)
    assert unified(change.before, change.after)[2:] == (
        "@@ -1,2 +1,2 @@",
        " def train(rows: int) -> int:",
        "-    return rows + 1",
        "+    return rows + 2",
    )
    assert "before" not in change.to_json() and change.to_json(code=True)["after"] == after


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x"],
        ["x", "--function", "f", "--modules", "!!"],
        ["x", "--function", "f", "--packages", "{"],
    ],
)
def test_a_damaged_program_is_compared_as_the_container_that_it_is(arguments):
    damaged = {"command": ["python3", "-c", LOADER], "args": arguments}
    assert read_program(Container(command=("python3", "-c", LOADER), args=tuple(arguments))) is None
    other = {**damaged, "args": [*arguments, "more"]}
    assert [kind for kind, _, _ in told(damaged, other)] == ["command"]


def test_code_that_is_no_python_is_compared_as_text():
    before, after = milonga_step(source="def ("), milonga_step(source="def ((")
    assert [kind for kind, _, _ in told(before, after)] == ["code-changed"]
    assert told(milonga_step(source="a\0"), milonga_step(source="b\0"))[0][0] == "code-changed"


@needs_corpus
def test_every_python_component_of_kfp_is_read():
    for path in FILES:
        graph = load_graph(path)
        for label, executor in graph.executors.items():
            text = " ".join(executor.container.command or ()) if executor.container is not None else ""
            if "ephemeral_component.py" in text:
                program = read_program(executor.container)
                assert program is not None, f"{path.stem} {label}"
                assert f"def {program.function}(" in program.source, f"{path.stem} {label}"
                assert not [package for package in program.packages if package.startswith(("kfp", "-"))]
                assert program.extra == ()


def test_a_change_is_a_plain_value():
    (change,) = compare(graph(milonga_step()), graph({**milonga_step(), "image": "j"}))
    assert change == Change("train", "image", "image", "i", "j", "image i → j")
    assert hash(change) == hash(change)
