"""What a component's function needs travels with it, as text that stands by itself; what cannot travel is named."""

import linecache
import math
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from milonga.compiler.trace.sources import extract
from milonga.errors import AuthoringError
from milonga.runtime.loading import load_function
from milonga.runtime.program import TaskProgram

HEADER = "from milonga import component\n"


def alone(component, *arguments):
    """Call a component's function from nothing but its extracted text."""
    source = extract(component.function, component.name)
    return load_function(TaskProgram(component.function.__name__, source.text))(*arguments)


def text_of(component) -> str:
    return extract(component.function, component.name).text


# Files


def test_the_decorator_stays_behind(author):
    module = author(HEADER + "@component(\n    cpu='1',\n)\ndef one() -> int:\n    return 1\n")
    assert text_of(module.one).strip() == "def one() -> int:\n    return 1"
    assert alone(module.one) == 1


def test_a_helper_and_what_it_uses_come_along(author):
    module = author(
        HEADER
        + """
OFFSET = 10
UNUSED = object()

def twice(value):
    return value * 2 + OFFSET

def unused():
    return UNUSED

@component
def step(value: int) -> int:
    return twice(value)
"""
    )
    assert alone(module.step, 1) == 12
    assert "unused" not in text_of(module.step).lower()


def test_the_order_of_the_file_is_kept(author):
    module = author(
        HEADER
        + """
A = 1
B = A + 1
C = [B, A]

@component
def step() -> list:
    return C
"""
    )
    assert text_of(module.step).index("A = 1") < text_of(module.step).index("B = A + 1")
    assert alone(module.step) == [2, 1]


def test_a_helper_below_the_component_is_found(author):
    module = author(HEADER + "@component\ndef step() -> int:\n    return later()\n\ndef later():\n    return 3\n")
    assert alone(module.step) == 3


def test_only_the_imports_that_are_used_come_along(author):
    module = author(
        HEADER
        + """
import json, math
import os.path
from collections import OrderedDict as Ordered, Counter
import xml.dom.minidom as minidom

@component
def step() -> str:
    return json.dumps(Ordered(a=math.floor(1.5))) + os.path.basename("/a/b") + minidom.__name__
"""
    )
    text = text_of(module.step)
    assert "Counter" not in text
    assert alone(module.step) == '{"a": 1}bxml.dom.minidom'
    assert set(extract(module.step.function, "step").imports) >= {"json", "math", "os.path", "collections"}


def test_imports_inside_the_function_are_reported(author):
    module = author(HEADER + "@component\ndef step() -> int:\n    from math import floor\n    return floor(1.5)\n")
    assert "math" in extract(module.step.function, "step").imports


def test_classes_come_along_with_their_bases_and_decorators(author):
    module = author(
        HEADER
        + """
import dataclasses

class Base:
    def name(self):
        return "base"

@dataclasses.dataclass(frozen=True)
class Point(Base):
    x: int = 1

@component
def step() -> str:
    return Point(2).name() + str(Point(2).x)
"""
    )
    assert alone(module.step) == "base2"


def test_classes_of_the_signature_come_along(author):
    module = author(
        HEADER
        + """
from __future__ import annotations
import enum
from dataclasses import dataclass
from typing import NamedTuple, Optional

class Mode(enum.Enum):
    A = "a"

@dataclass
class Settings:
    rate: float

class Result(NamedTuple):
    mode: str
    rate: float

@component
def step(settings: Settings, mode: "Mode" = Mode.A, more: Optional[list[int]] = None) -> Result:
    return Result(mode.value, settings.rate)
""".replace("from __future__ import annotations\n", "")
    )
    text = text_of(module.step)
    assert "class Mode" in text
    assert "class Result" in text


def test_annotations_that_are_evaluated_later_are_evaluated_in_the_task_too(author):
    module = author(
        "from __future__ import annotations\n"
        + HEADER
        + "from typing import NamedTuple\n\nclass Pair(NamedTuple):\n    a: int\n    b: str\n\n"
        "@component\ndef step(value: int) -> Pair:\n    return Pair(value, 'x')\n"
    )
    from milonga.runtime.task import run_task

    source = extract(module.step.function, "step")
    function = load_function(TaskProgram("step", source.text))
    output = run_task(function, {"inputs": {"parameterValues": {"value": 3}}})
    assert output["parameterValues"] == {"a": 3, "b": "x"}


def test_recursion_and_mutual_recursion(author):
    module = author(
        HEADER
        + """
def even(n):
    return True if n == 0 else odd(n - 1)

def odd(n):
    return False if n == 0 else even(n - 1)

def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)

@component
def step(n: int) -> list:
    return [even(n), factorial(n)]
"""
    )
    assert alone(module.step, 4) == [True, 24]


def test_a_builtin_that_the_module_redefines(author):
    module = author(HEADER + "def len(value):\n    return 42\n\n@component\ndef step() -> int:\n    return len([])\n")
    assert alone(module.step) == 42


def test_a_local_name_like_a_global_is_no_dependency(author):
    module = author(HEADER + "lock = object()\n\n@component\ndef step(lock: int) -> int:\n    return lock\n")
    assert "object()" not in text_of(module.step)
    assert alone(module.step, 5) == 5


def test_names_in_comprehensions_lambdas_and_inner_functions(author):
    module = author(
        HEADER
        + """
SCALE = 3

def triple(value):
    return value * SCALE

@component
def step(values: list) -> list:
    def inner(value):
        return (lambda one: triple(one))(value)
    return [inner(value) for value in values]
"""
    )
    assert alone(module.step, [1, 2]) == [3, 6]


def test_another_component_is_only_a_function_in_a_task(author):
    module = author(
        HEADER
        + """
@component(cpu="1")
def first(value: int) -> int:
    return value + 1

@component
def second(value: int) -> int:
    return first(value) * 10
"""
    )
    assert "component" not in text_of(module.second)
    assert alone(module.second, 1) == 20


def test_the_last_definition_of_a_name_wins(author):
    module = author(HEADER + "A = 1\nA = 2\n\n@component\ndef step() -> int:\n    return A\n")
    assert alone(module.step) == module.step() == 2


def test_an_import_that_may_fail_comes_along_whole(author):
    module = author(
        HEADER
        + """
try:
    import no_such_module as fast
except ImportError:
    fast = None

@component
def step() -> bool:
    return fast is None
"""
    )
    assert alone(module.step) is True


def test_an_import_under_a_condition_is_found(author):
    module = author(
        HEADER
        + "import sys\nif sys.version_info > (3,):\n    import json\n\n@component\ndef step() -> str:\n"
        + "    return json.dumps(1)\n"
    )
    assert alone(module.step) == "1"


def test_what_runs_only_as_a_program_stays_behind(author):
    module = author(
        HEADER + "@component\ndef step() -> int:\n    return 1\n\nif __name__ == '__main__':\n    step = None\n"
    )
    assert alone(module.step) == 1


def test_an_assignment_of_several_names(author):
    module = author(
        HEADER + "LOW, (HIGH, *REST) = 1, (2, 3)\n\n@component\ndef step() -> list:\n    return [LOW, HIGH, REST]\n"
    )
    assert alone(module.step) == [1, 2, [3]]


def test_a_constant_that_grows_step_by_step(author):
    module = author(HEADER + "TABLE = {}\nTABLE['a'] = 1\n\n@component\ndef step() -> dict:\n    return TABLE\n")
    assert alone(module.step) == module.step() == {"a": 1}


def test_a_constant_that_is_added_to(author):
    module = author(HEADER + "LIMIT = 1\nLIMIT += 2\n\n@component\ndef step() -> int:\n    return LIMIT\n")
    assert alone(module.step) == module.step() == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("if True:\n    X = 1\nelse:\n    X = 2\n", 1),
        ("X = 1\nif False:\n    X = 2\n", 1),
        ("X = []\nX.append(1)\n", [1]),
        ("KEYS = ['a', 'b']\nX = {}\nfor KEY in KEYS:\n    X[KEY] = 1\n", {"a": 1, "b": 1}),
        ("KEY = 'a'\nX = {}\nX[KEY] = KEY\n", {"a": "a"}),
        ("X = [3, 1]\nX.sort()\nX += [4]\n", [1, 3, 4]),
        ("X = [1, 2]\ndel X[0]\n", [2]),
        ("import contextlib\nwith contextlib.nullcontext(5) as X:\n    pass\n", 5),
        ("try:\n    X = int('a')\nexcept ValueError:\n    X = 7\n", 7),
        ("X: int = 8\n", 8),
        ("X = Y = 9\n", 9),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\nX = 1\n", 1),
        ("class Box:\n    pass\nBOX = Box()\nBOX.value = 4\nX = BOX.value\n", 4),
    ],
)
def test_a_constant_is_in_the_task_what_it_is_in_the_module(author, text, value):
    module = author(HEADER + text + "\n@component\ndef step() -> list:\n    return X\n")
    assert alone(module.step) == module.step() == value


def test_settings_of_imported_modules_stay_behind(author):
    module = author(
        HEADER + "import sys\nsys.path.append('here')\n@component\ndef step() -> str:\n    return sys.platform\n"
    )
    assert "append" not in text_of(module.step)
    sys.path.remove("here")


def test_a_helper_that_a_decorator_wraps(author):
    module = author(
        HEADER
        + "import functools\n\n@functools.lru_cache\ndef helper(n):\n    return n + 1\n\n"
        + "@component\ndef step() -> int:\n    return helper(1)\n"
    )
    assert alone(module.step) == 2
    assert "lru_cache" in text_of(module.step)


def test_text_with_strange_content_is_kept(author):
    module = author(
        HEADER + "TEXT = '''a\n    b\\n\n'''\n\n@component\ndef step() -> str:\n    return TEXT + '💃 {{x}} \\'\\\\'\n"
    )
    assert alone(module.step) == module.step()


def test_the_same_source_twice_is_the_same_text(author):
    text = (
        HEADER
        + "import math\nA = 1\ndef helper():\n    return A\n@component\ndef step() -> int:\n    return helper()\n"
    )
    assert text_of(author(text).step) == text_of(author(text).step)


def test_a_comment_elsewhere_in_the_file_changes_nothing(author):
    text = "import math\n{}A = 1\n@component\ndef step() -> int:\n    return A\n"
    assert text_of(author(HEADER + text.format("")).step) == text_of(author(HEADER + text.format("# new\n\n")).step)


# Functions in functions


def test_a_component_inside_a_function_takes_its_literals_along(author):
    module = author(
        HEADER
        + """
def make(count):
    names = ["a", "b"]

    @component
    def step() -> str:
        return str(names * count)

    return step
"""
    )
    assert alone(module.make(2)) == "['a', 'b', 'a', 'b']"


def test_two_closures_of_one_function_are_two_programs(author):
    module = author(
        HEADER + "def make(count):\n    @component\n    def step() -> int:\n        return count\n    return step\n"
    )
    one, two = module.make(1), module.make(2)
    assert (alone(one), alone(two)) == (1, 2)


def test_a_helper_of_the_function_around_comes_along(author):
    module = author(
        HEADER
        + """
import json

def make():
    import math
    limit = 3

    def helper(value):
        return math.floor(value) + limit

    @component
    def step(value: float) -> str:
        return json.dumps(helper(value))

    return step
"""
    )
    assert alone(module.make(), 1.5) == "4"


def test_a_variable_of_the_function_around_hides_a_global(author):
    module = author(
        HEADER
        + "count = 1\ndef make(count):\n    @component\n    def step() -> int:\n        return count\n    return step\n"
    )
    assert alone(module.make(5)) == 5


def test_two_things_under_one_name_are_refused(author):
    module = author(
        HEADER
        + """
count = 1

def helper():
    return count

def make(count):
    @component
    def step() -> int:
        return count + helper()

    return step
"""
    )
    with pytest.raises(AuthoringError) as raised:
        extract(module.make(5).function, "step")
    assert raised.value.code == "E151"
    assert "two things under the name 'count'" in raised.value.message
    assert alone(module.make(1)) == 2


def test_a_component_of_the_function_around_is_only_a_function(author):
    module = author(
        HEADER
        + """
def make():
    @component
    def first() -> int:
        return 2

    @component
    def second() -> int:
        return first() * 3

    return second
"""
    )
    assert alone(module.make()) == 6


@pytest.mark.parametrize("value", ["1", "-1.5", "'x'", "None", "True", "(1, 'a')", "[1, [2]]", "{'a': {1, 2}}", "b'x'"])
def test_any_literal_may_be_closed_over(author, value):
    module = author(
        HEADER
        + f"def make():\n    held = {value}\n    @component\n    def step() -> str:\n        return repr(held)\n"
        + "    return step\n"
    )
    assert alone(module.make()) == module.make()()


@pytest.mark.parametrize(
    ("value", "got"), [("open(__file__)", "TextIOWrapper"), ("object()", "object"), ("iter([1])", "list_iterator")]
)
def test_an_object_made_at_run_time_cannot_be_closed_over(author, value, got):
    module = author(
        HEADER
        + f"def make():\n    held = {value}\n    @component\n    def step() -> str:\n        return repr(held)\n"
        + "    return step, held\n"
    )
    step, held = module.make()
    with pytest.raises(AuthoringError) as raised:
        extract(step.function, step.name)
    if hasattr(held, "close"):
        held.close()
    assert raised.value.code == "E151"
    assert got in raised.value.got


def test_not_a_number_is_no_literal(author):
    module = author(
        HEADER
        + "def make():\n    held = float('nan')\n    @component\n    def step() -> bool:\n        return held != held\n"
        + "    return step\n"
    )
    assert math.isnan(float("nan"))
    with pytest.raises(AuthoringError):
        extract(module.make().function, "step")


# Without a file


def test_source_that_is_nowhere_is_refused():
    names: dict = {}
    exec(HEADER + "@component\ndef step() -> int:\n    return 1\n", names)
    with pytest.raises(AuthoringError) as raised:
        extract(names["step"].function, "step")
    assert raised.value.code == "E150"
    assert "a file or a notebook cell" in raised.value.hint


class Notebook:
    """Cells as IPython runs them: each compiled under a file name of its own, known to linecache, in one namespace."""

    def __init__(self) -> None:
        self.names: dict = {"__name__": "__main__"}
        self.files: list[str] = []

    def run(self, cell: str) -> None:
        cell = textwrap.dedent(cell)
        file = f"<ipython-input-{len(self.files) + 1}-milonga>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        self.files.append(file)
        code = "".join(line if not line.startswith(("%", "!")) else "\n" for line in cell.splitlines(keepends=True))
        exec(compile(code, file, "exec"), self.names)


@pytest.fixture
def notebook():
    made = Notebook()
    main = sys.modules["__main__"]
    yield made
    assert sys.modules["__main__"] is main
    for file in made.files:
        linecache.cache.pop(file, None)


def test_a_cell_uses_what_other_cells_define(notebook):
    notebook.run("from milonga import component\nimport json\nimport os.path as paths")
    notebook.run("LIMIT = 3\n\ndef helper(value):\n    return value + LIMIT")
    notebook.run(
        """
        %matplotlib inline
        @component
        def step(value: int) -> str:
            return json.dumps(helper(value)) + paths.basename("/a/b")
        """
    )
    assert alone(notebook.names["step"], 1) == "4b"


def test_a_cell_that_runs_again_gives_the_new_definition(notebook):
    notebook.run("from milonga import component")
    notebook.run("def helper():\n    return 1")
    notebook.run("@component\ndef step() -> int:\n    return helper()")
    notebook.run("def helper():\n    return 2")
    assert alone(notebook.names["step"]) == 2


def test_a_class_of_a_cell_comes_along(notebook):
    notebook.run("from milonga import component\nfrom dataclasses import dataclass")
    notebook.run("@dataclass\nclass Point:\n    x: int = 2")
    notebook.run("@component\ndef step() -> int:\n    return Point().x")
    assert alone(notebook.names["step"]) == 2


def test_a_component_of_another_cell_is_only_a_function(notebook):
    notebook.run("from milonga import component\n@component\ndef first() -> int:\n    return 2")
    notebook.run("@component\ndef second() -> int:\n    return first() * 3")
    assert alone(notebook.names["second"]) == 6


def test_a_builtin_that_another_cell_redefines(notebook):
    notebook.run("from milonga import component\ndef len(value):\n    return 42")
    notebook.run("@component\ndef step() -> int:\n    return len([])")
    assert alone(notebook.names["step"]) == 42


def test_a_constant_of_a_cell_is_taken_as_it_is_now(notebook):
    notebook.run("from milonga import component\nTABLE = {}")
    notebook.run("TABLE['a'] = 1")
    notebook.run("@component\ndef step() -> dict:\n    return TABLE")
    assert alone(notebook.names["step"]) == {"a": 1}


def test_an_object_of_another_cell_cannot_travel(notebook):
    notebook.run("from milonga import component\nimport threading\nlock = threading.Lock()")
    notebook.run("@component\ndef step() -> bool:\n    return lock.locked()")
    with pytest.raises(AuthoringError) as raised:
        extract(notebook.names["step"].function, "step")
    assert raised.value.code == "E151"
    assert "'lock'" in raised.value.message


def test_a_pipeline_of_a_notebook_compiles(notebook):
    import milonga

    notebook.run("import milonga as ml\n@ml.component\ndef step(n: int) -> int:\n    return n + 1")
    notebook.run("@ml.pipeline\ndef whole(n: int = 1) -> int:\n    return step(step(n))")
    assert "return n + 1" in milonga.compile(notebook.names["whole"])


def test_a_program_run_as_main_compiles(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import milonga as ml\n\nLIMIT = 3\n\ndef helper():\n    return LIMIT\n\n@ml.component\ndef step() -> int:\n"
        "    return helper()\n\n\nif __name__ == '__main__':\n    print(ml.compile(step))\n"
    )
    text = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True).stdout
    assert "LIMIT = 3" in text
    assert str(tmp_path) not in text


def test_an_edited_file_is_read_as_it_was_imported_or_not_at_all(author, tmp_path):
    """A file that changed since its import must not lend its new lines to the old function."""
    module = author(HEADER + "@component\ndef step() -> int:\n    return 1\n", file="edited.py")
    assert alone(module.step) == 1
    Path(tmp_path / "edited.py").write_text("\n" * 10 + "def other():\n    return 2\n")
    linecache.checkcache(str(tmp_path / "edited.py"))
    with pytest.raises(AuthoringError) as raised:
        extract(module.step.function, "step")
    assert raised.value.code == "E150"
