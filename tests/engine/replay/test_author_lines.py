"""Lines of a step's text, found again in the author's file: only where the file still says the same."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from milonga.compiler.interop.sources import read_source
from milonga.dsl.places import Place
from milonga.engine.replay.author_lines import author_files, author_lines, text_of
from milonga.engine.replay.authored_function import authored_function

STEPS = '''
"""A file."""
import math
from dataclasses import dataclass

from milonga import component, pipeline

LIMIT = 3


@dataclass
class Pair:
    left: int
    right: int

    def total(self) -> int:
        return self.left + self.right


def helper(number: int) -> float:
    # a comment of the author
    return math.sqrt(number)


@component(
    cpu="1",
)
def work(number: int) -> float:
    """Work."""
    pair = Pair(number, LIMIT)

    return helper(pair.total())


@pipeline
def flow() -> float:
    return work(1)
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "steps.py"
    path.write_text(STEPS)
    return path


def text_in(file: Path) -> str:
    (executor,) = read_source(f"{file}:flow").graph.executors.values()
    return text_of(executor)


def test_every_line_of_the_text_is_the_same_line_in_the_file(file: Path) -> None:
    text, lines = text_in(file), STEPS.splitlines()
    found = author_lines(text, [file])
    shown = text.splitlines()
    for number, place in found.places.items():
        assert place.file == str(file) and lines[place.line - 1] == shown[number - 1]
    for line in (
        "        return self.left + self.right",
        "    return math.sqrt(number)",
        "    return helper(pair.total())",
    ):
        assert found.places[shown.index(line) + 1].line == lines.index(line) + 1


def test_a_changed_definition_is_not_claimed(file: Path) -> None:
    text = text_in(file)
    file.write_text(
        STEPS.replace("math.sqrt(number)", "math.sqrt(number + 1)").replace('"""A file."""', '"""A\nfile."""')
    )
    found = author_lines(text, [file])
    shown = text.splitlines()
    assert shown.index("    return math.sqrt(number)") + 1 not in found.places
    line = file.read_text().splitlines().index("    return helper(pair.total())") + 1
    assert found.places[shown.index("    return helper(pair.total())") + 1] == Place(str(file), line)


def test_the_function_has_the_authors_file_and_works(file: Path) -> None:
    text = text_in(file)
    function = authored_function("work", text, author_lines(text, [file]))
    assert function(1) == 2.0
    assert function.__code__.co_filename == str(file)
    assert function.__code__.co_firstlineno == STEPS.splitlines().index("def work(number: int) -> float:") + 1
    assert function.__globals__["helper"].__code__.co_filename == str(file)


def test_without_a_file_the_text_itself_is_shown(file: Path) -> None:
    function = authored_function("work", text_in(file), author_lines("", []))
    assert function(1) == 2.0 and function.__code__.co_filename == "<component work>"


@pytest.mark.parametrize("content", ["", "def broken(:", "\x00", "\ufeffx = 1", "# nothing"])
def test_a_file_that_is_no_python_helps_nobody(file: Path, content: str) -> None:
    text = text_in(file)
    file.write_text(content)
    assert author_lines(text, [file]).places == {}
    assert author_lines(text, [file.parent, file.with_name("gone.py")]).places == {}


def test_tracebacks_are_told_in_the_authors_lines(file: Path) -> None:
    text = text_in(file)
    lines = author_lines(text, [file])
    number = text.splitlines().index("    return math.sqrt(number)") + 1
    traceback = textwrap.dedent(f"""\
        Traceback (most recent call last):
          File "<component work>", line {number}, in helper
            return math.sqrt(number)
          File "/usr/lib/python3/math.py", line 9, in sqrt
        ValueError: no "<component work>", line 1""")
    place = lines.places[number]
    told = lines.in_traceback(traceback)
    assert f'  File "{file}", line {place.line}, in helper' in told and "/usr/lib/python3/math.py" in told
    assert told.endswith('no "<component work>", line 1'), "what the author wrote is left alone"
    assert lines.deepest(traceback) == place and lines.deepest("nothing") is None


def test_modules_that_the_file_imports_are_looked_at_when_they_name_the_function(tmp_path: Path) -> None:
    for name, text in {
        "flow.py": "import inner.steps\nfrom far import deep\nfrom inner import other",
        "inner/__init__.py": "",
        "inner/steps.py": "def work(): ...",
        "inner/other.py": "def rest(): ...",
        "far/deep.py": "def late():\n    from . import deeper",
        "far/deeper.py": "import flow\ndef work(): ...",
        "old_copy.py": "def work(): ...",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = [path.relative_to(tmp_path).as_posix() for path in author_files("flow.py:p", [tmp_path], "work")]
    assert found == ["flow.py", "inner/steps.py", "far/deeper.py"]
    assert list(author_files("", [tmp_path], "work")) == []
    assert list(author_files("catalogue-name", [tmp_path], "work")) == []


def test_a_copy_that_nobody_imports_is_never_named(file: Path) -> None:
    text = text_in(file)
    file.with_name("old_copy.py").write_text(STEPS)
    file.write_text(STEPS.replace("math.sqrt(number)", "math.sqrt(number + 1)"))
    found = author_lines(text, author_files("steps.py:flow", [file.parent], "work"))
    assert {place.file for place in found.places.values()} == {str(file)}


def test_what_was_changed_in_one_file_is_not_taken_from_another(file: Path) -> None:
    text = text_in(file)
    copy = file.with_name("old_copy.py")
    copy.write_text(STEPS)
    file.write_text("import old_copy\n" + STEPS.replace("math.sqrt(number)", "math.sqrt(number + 1)"))
    found = author_lines(text, author_files("steps.py:flow", [file.parent], "work"))
    assert text.splitlines().index("    return math.sqrt(number)") + 1 not in found.places
