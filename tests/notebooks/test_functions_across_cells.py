"""A component may use what any cell has defined; what a name is now is what travels."""

import pytest

HEAD = "import milonga as ml\nfrom milonga import component, pipeline"
STEP = "@component\ndef step() -> str:\n    return str({0})"


def outcome(kernel, *, component: str = "step", mode: str = "isolated", arguments: str = "{}") -> str:
    """Run a component alone; its output, or the code of the error."""
    code = f"result = ml.run({component}, {arguments}, mode={mode!r}, cache=False)"
    shown = kernel.run(code)
    if shown.error:
        return shown.error.split(":")[1].strip() if "E1" in shown.error else shown.error
    return kernel.value("result.outputs.get('Output', result.run.error.get('message'))")


def compiled(kernel, component: str = "step") -> str:
    return kernel.value(f"ml.compile({component})")


@pytest.mark.parametrize("mode", ["isolated", "in-process"])
def test_helpers_constants_imports_and_classes_of_other_cells(kernel, mode):
    kernel.run(HEAD)
    kernel.run("import json, math as mathematics\nfrom collections import Counter\nfrom typing import NamedTuple")
    kernel.run("OFFSET = 10\nNAMES = {'b', 'a'}")
    kernel.run("from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int = 2\n\nclass Far(Point): pass")
    kernel.run("class Pair(NamedTuple):\n    total: int\n    names: list")
    kernel.run("def helper(value):\n    return Counter([value + OFFSET])")
    kernel.run(
        "@component\n"
        "def step(value: int) -> Pair:\n"
        "    count = sum(helper(value)) + mathematics.floor(0.5) + Far().x\n"
        "    return Pair(count, sorted(NAMES))"
    )
    shown = kernel.run(f"result = ml.run(step, {{'value': 1}}, mode={mode!r})")
    assert not shown.error
    assert kernel.value("[result.state, result.outputs['total'], result.outputs['names']]") == [
        "SUCCEEDED",
        13,
        ["a", "b"],
    ]


@pytest.mark.parametrize("mode", ["isolated", "in-process"])
def test_a_cell_that_runs_again_replaces(kernel, mode):
    kernel.run(HEAD)
    kernel.run("def helper():\n    return 'old'")
    kernel.run(STEP.format("helper()"))
    assert outcome(kernel, mode=mode) == "old"
    kernel.run("def helper():\n    return 'new'")
    assert outcome(kernel, mode=mode) == "new"
    kernel.run("def helper():\n    return 'old'")  # the first text again: a cell that runs twice is not older
    assert outcome(kernel, mode=mode) == "old"


def test_the_newest_component_is_what_a_pipeline_of_another_cell_calls(kernel):
    kernel.run(HEAD)
    kernel.run("@component\ndef step() -> str:\n    return 'one'")
    kernel.run("@pipeline\ndef whole() -> str:\n    return step()")
    assert outcome(kernel, component="whole") == "one"
    kernel.run("@component\ndef step() -> str:\n    return 'two'")
    assert outcome(kernel, component="whole") == "two"


@pytest.mark.parametrize(
    ("cells", "use", "value"),
    [
        (["LIMIT = 1", "LIMIT = LIMIT + 1", "LIMIT = LIMIT + 1"], "LIMIT", "3"),
        (["TABLE = {}", "TABLE['a'] = 1", "TABLE.update(b=2)"], "TABLE", "{'a': 1, 'b': 2}"),
        (["BEST = float('inf')"], "BEST", "inf"),
        (["import re\nPATTERN = re.compile('a+')"], "PATTERN.match('aab').group()", "aa"),
        (["from pathlib import Path", "ROOT = Path('/data') / 'x'"], "ROOT", "/data/x"),
        (["import enum\nclass Mode(enum.Enum):\n    A = 'a'", "CHOSEN = Mode.A"], "CHOSEN.value", "a"),
        (["def f(): return 1", "g = f", "def f(): return 2"], "g()", "1"),
        (["double = lambda x: 2 * x"], "double(2)", "4"),
        (["from functools import lru_cache\n@lru_cache\ndef f(n): return n + 1"], "f(1)", "2"),
        (["from functools import wraps\ndef twice(f):\n  @wraps(f)\n  def g(*a):\n    return 2 * f(*a)\n  return g",
          "@twice\ndef f(n): return n"], "f(2)", "4"),
        (["def maker(n):\n  def inner(): return n\n  return inner", "seven = maker(7)"], "seven()", "7"),
        (["from collections import namedtuple\nPair = namedtuple('Pair', 'a b')"], "Pair(1, 2).b", "2"),
        (["KINDS = {'a': len, 'b': str.upper}"], "KINDS['a']('xyz')", "3"),
        (["def even(n): return n == 0 or odd(n - 1)", "def odd(n): return n != 0 and even(n - 1)"], "even(4)", "True"),
        (["from math import *"], "floor(1.5)", "1"),
        (["import xml", "import xml.dom.minidom"], "xml.dom.minidom.parseString('<a/>').documentElement.tagName", "a"),
        (["import os.path as paths"], "paths.basename('/a/b')", "b"),
        (["import logging\nlog = logging.getLogger('x')"], "log.name", "x"),
        (["%%time\ndef timed(): return 5"], "timed()", "5"),
        (["%%capture\nQUIET = frozenset({1})"], "sorted(QUIET)", "[1]"),
        (["words = !echo one"], "words[0]", "one"),
        (["async def fetch():\n  return [1, 2]", "data = await fetch()"], "data", "[1, 2]"),
        (["TEXT = '''\n%s is\n! important\n'''"], "TEXT.split()[0]", "%s"),
        (["len?", "def helper(): return 1"], "helper()", "1"),
    ],
)  # fmt: skip
def test_what_other_cells_define_is_in_the_task_what_it_is_here(kernel, cells, use, value):
    kernel.run(HEAD)
    for cell in cells:
        assert not kernel.run(cell).error
    kernel.run(STEP.format(use))
    assert kernel.value("step()") == value
    assert outcome(kernel) == value


@pytest.mark.parametrize(
    ("cells", "use", "code", "named"),
    [
        (["gone = 1", "del gone"], "gone", "E151", "'gone', which is not defined"),
        (["handle = open('x', 'w')"], "handle.name", "E151", "'handle', which cannot travel"),
        (["import threading", "lock = threading.Lock()"], "lock", "E151", "lock made in another cell"),
        (["BIG = list(range(100_000))"], "len(BIG)", "E151", "a list of more than"),
        (["class Page: pass", "async def get(): return Page()", "page = await get()"], "page", "E151", "'page'"),
        (["%%bash\nhelper() { echo; }"], "helper()", "E151", "'helper', which is not defined"),
        ([], "display(1)", "E180", "'display' is a command of the notebook"),
        ([], "get_ipython()", "E180", "'get_ipython' is a command of the notebook"),
    ],
)
def test_what_cannot_travel_is_named(kernel, cells, use, code, named):
    kernel.run(HEAD)
    for cell in cells:
        assert not kernel.run(cell).error
    kernel.run(STEP.format(use))
    shown = kernel.run("ml.compile(step)")
    assert code in shown.error and named in shown.error
    assert code in kernel.run("step").html


def test_a_shell_line_in_a_component_is_refused(kernel):
    kernel.run(HEAD)
    kernel.run("@component\ndef step() -> list:\n    files = !ls\n    return files")
    assert "E180" in kernel.run("ml.compile(step)").error


def test_an_awaited_object_of_the_same_cell_is_refused(kernel):
    kernel.run(HEAD)
    kernel.run("async def get(): return object()")
    kernel.run("page = await get()\n" + STEP.format("page"))
    assert "E180" in kernel.run("ml.compile(step)").error


@pytest.mark.slow
def test_a_cell_that_failed_defines_what_it_came_to(kernel):
    kernel.run(HEAD)
    kernel.run("def helper(): return 'first'\nimport math as tool")
    assert kernel.run("1 / 0\ndef helper(): return 'second'\nimport json as tool").error
    kernel.run(STEP.format("helper() + tool.__name__"))
    assert outcome(kernel) == "firstmath"


def test_opening_a_file_is_pythons_own_open(kernel):
    kernel.run(HEAD)
    kernel.run(
        "@component\ndef step() -> str:\n    with open('/dev/null') as stream:\n        return stream.read() + 'x'"
    )
    assert outcome(kernel) == "x"
    assert "IPython" not in compiled(kernel)


def test_a_module_that_a_cell_writes_travels(kernel, tmp_path):
    kernel.run(HEAD + "\nimport sys; sys.path.insert(0, '')")
    kernel.run("@component\ndef step() -> str:\n    import written_later\n    return written_later.NAME")
    kernel.run("ml.compile(step)")  # it is not there yet
    kernel.run("%%writefile written_later.py\nNAME = 'here'")
    kernel.run("from milonga.compiler.trace.modules import bundle_of")
    assert kernel.value("list(bundle_of(['written_later'], where=''))") == ["written_later.py"]
    assert outcome(kernel) == "here"


def test_a_component_with_other_options_is_the_same_function(kernel):
    kernel.run(HEAD)
    kernel.run("@component\ndef first() -> int:\n    return 2")
    kernel.run("large = first.options(cpu='1')")
    kernel.run(STEP.format("first() + large()"))
    assert outcome(kernel) == "4"


CELLS = [
    "from typing import NamedTuple\nimport json\nimport os.path",
    "LIMITS = {'b', 'a', 'c'}",
    "class Base:\n    def name(self): return helper()",
    "class Inner(Base):\n    pass",
    "def helper(): return os.path.join(*sorted(LIMITS)) + json.dumps(1)",
    "class Made(NamedTuple):\n    text: str",
    "@component\ndef step() -> Made:\n    return Made(Inner().name())",
]


def test_the_same_definitions_are_the_same_bytes_in_any_order(kernel):
    texts = set()
    for order in ([0, 1, 2, 3, 4, 5, 6], [4, 1, 0, 2, 3, 5, 6], [0, 2, 3, 5, 1, 4, 6, 0, 5, 2, 3, 1, 6, 4]):
        kernel.run("get_ipython().reset(new_session=True)")
        kernel.run(HEAD)
        for number in order:
            assert not kernel.run(CELLS[number]).error
        texts.add(compiled(kernel))
    assert len(texts) == 1
    (text,) = texts
    assert "ipykernel" not in text and "/tmp" not in text.replace("/tmp/kfp", "")


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_kernel_process(kernel, tmp_path):
    kernel.run(HEAD)
    for cell in CELLS:
        kernel.run(cell)
    before = compiled(kernel)
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    kernel.run(f"import os; os.chdir({str(tmp_path)!r})\n{HEAD}")
    for cell in CELLS:
        kernel.run(cell)
    assert compiled(kernel) == before
