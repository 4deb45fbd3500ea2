"""Wrong programs: each gives one finding with a stable code, the author's own line, and what to do.

The line that must be named carries the comment `# <-`.
"""

from dataclasses import dataclass

import pytest

from milonga.compiler.trace import trace
from milonga.errors import AuthoringError

PRELUDE = """\
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

import milonga as ml
from milonga import Artifact, Dataset, Model, component, pipeline


class Trained(NamedTuple):
    model: Model
    accuracy: float


@component
def load(source: str = "a") -> Dataset:
    return Dataset.create()


@component
def train(data: Dataset, *, epochs: int = 1) -> Trained:
    return Trained(Model.create(), 0.5)


@component
def deploy(model: Model) -> str:
    return "url"


@component
def number(value: int = 1) -> int:
    return value


@component
def maybe() -> Optional[int]:
    return None


@component
def text(value: str) -> str:
    return value


@component
def numbers() -> list[int]:
    return [1]


@component
def total(values: list[int]) -> int:
    return sum(values)


@component
def notify(status: ml.TaskFinalStatus) -> None:
    pass


"""


@dataclass(frozen=True)
class Mistake:
    """A program and the finding that it must give."""

    name: str
    code: str
    program: str
    hint: str = ""
    message: str = ""
    got: str = ""
    expected: str = ""


def in_pipeline(name: str, code: str, *lines: str, **more: str) -> Mistake:
    """A mistake among the lines of a pipeline's body."""
    body = "\n".join("    " + line for line in lines)
    return Mistake(name, code, f"@pipeline\ndef p(count: int = 1, name: str = 'x') -> None:\n{body}\n", **more)


MISTAKES = [
    # Calls
    in_pipeline(
        "a value of the wrong type", "E113", "number('many')  # <-", got="'many' (str) is not int", expected="int"
    ),
    in_pipeline("a bool for an int", "E113", "number(True)  # <-", got="True (bool)"),
    in_pipeline("a number that JSON cannot hold", "E113", "number(2**60)  # <-", got="beyond"),
    in_pipeline(
        "an output of the wrong type",
        "E113",
        "text(number())  # <-",
        message="input 'value' of 'text'",
        got="output 'Output' of task 'number': int",
        expected="str",
    ),
    in_pipeline(
        "an artifact of the wrong class",
        "E113",
        "deploy(load())  # <-",
        got="Dataset is not a kind of Model",
        expected="Model",
    ),
    in_pipeline("a parameter for an artifact", "E113", "deploy('model.onnx')  # <-", hint="ml.importer"),
    in_pipeline("an artifact for a parameter", "E113", "number(load())  # <-", got="Dataset", expected="int"),
    in_pipeline(
        "a value that may be None", "E113", "number(maybe())  # <-", got="may be None", hint="a component in between"
    ),
    in_pipeline(
        "all outputs of a task at once", "E113", "deploy(train(load()))  # <-", hint="choose one: model, accuracy"
    ),
    in_pipeline("an unknown input", "E111", "train(load(), epoch=3)  # <-", hint="did you mean 'epochs'?"),
    in_pipeline("an input like no other", "E111", "train(load(), zzz=3)  # <-", hint="its inputs are: data, epochs"),
    in_pipeline("a missing argument", "E112", "train()  # <-", message="'data'", expected="data: Dataset"),
    in_pipeline("too many arguments", "E110", "number(1, 2)  # <-", message="takes 1 arguments, but 2"),
    in_pipeline("an argument given twice", "E110", "number(1, value=2)  # <-", message="'value' twice"),
    in_pipeline(
        "a reference inside a list", "E113", "total([1, number()])  # <-", hint="build the list in a component"
    ),
    in_pipeline("an unknown output", "E130", "deploy(train(load()).modell)  # <-", hint="did you mean 'model'?"),
    in_pipeline("an output like no other", "E130", "deploy(train(load()).zzz)  # <-", hint="it has: model, accuracy"),
    # Values that exist only when the pipeline runs
    in_pipeline("a plain if", "E120", "if number() == 1:  # <-", "    load()", hint="with ml.If(...)"),
    in_pipeline("a plain if on an output", "E120", "if number():  # <-", "    load()", hint="with ml.If(...)"),
    in_pipeline("and", "E120", "a = number()", "with ml.If(a > 1 and a < 3):  # <-", "    load()", hint="&, | and ~"),
    in_pipeline("or", "E120", "a = number()", "with ml.If(a > 1 or a < 3):  # <-", "    load()", hint="&, | and ~"),
    in_pipeline("not", "E120", "a = number()", "with ml.If(not (a > 1)):  # <-", "    load()", hint="&, | and ~"),
    in_pipeline("in a reference", "E120", "if 1 in numbers():  # <-", "    load()", hint="ml.contains(items, value)"),
    in_pipeline("a reference in a list", "E120", "if number() in [1, 2]:  # <-", "    load()", hint="ml.contains"),
    in_pipeline("an f-string", "E127", "text(f'n={number()}')  # <-", hint="build the text there"),
    in_pipeline("str()", "E127", "text(str(number()))  # <-", hint="build the text there"),
    in_pipeline("len()", "E128", "number(len(numbers()))  # <-", message="len()"),
    in_pipeline(
        "a plain loop", "E128", "for item in numbers():  # <-", "    number(item)", "load()", hint="ParallelFor"
    ),
    in_pipeline("arithmetic", "E129", "number(number() + 1)  # <-", hint="compute it in a component"),
    in_pipeline("arithmetic from the right", "E129", "number(2 * number())  # <-", hint="compute it in a component"),
    in_pipeline("int()", "E129", "number(int(number()))  # <-", hint="compute it in a component"),
    in_pipeline("the path of an artifact", "E125", "text(load().path)  # <-", hint="pass the artifact to a component"),
    in_pipeline("open()", "E127", "open(load())  # <-", message="a path", hint="pass the value to a component"),
    in_pipeline("range()", "E129", "for i in range(number()):  # <-", "    load()", hint="compute it in a component"),
    in_pipeline("an attribute of a parameter", "E126", "text(number().value)  # <-", message="no attribute 'value'"),
    in_pipeline("a part of a number", "E124", "text(number()['a'])  # <-", message="no part 'a'"),
    in_pipeline("a text key of a list", "E124", "number(numbers()['a'])  # <-", message="no part 'a'"),
    in_pipeline("an order of artifacts", "E123", "with ml.If(load() == 'a'):  # <-", "    number()", hint="parameter"),
    in_pipeline("a comparison with a list", "E123", "with ml.If(number() == [1]):  # <-", "    load()", got=""),
    in_pipeline("a condition on an int", "E121", "with ml.If(number()):  # <-", "    load()", hint="compare it"),
    in_pipeline("a condition known already", "E122", "with ml.If(True):  # <-", "    load()", hint="plain 'if'"),
    # Control flow
    in_pipeline(
        "an output used outside of its branch",
        "E140",
        "with ml.If(number() == 1):",
        "    data = load()",
        "train(data)  # <-",
        message="outside of its branch 'condition-",
        hint="ml.OneOf",
    ),
    in_pipeline(
        "an output used in the other branch",
        "E140",
        "with ml.If(number() == 1):",
        "    data = load()",
        "with ml.Else():",
        "    train(data)  # <-",
        message="outside of its branch",
    ),
    in_pipeline(
        "an output used outside of its loop",
        "E140",
        "with ml.ParallelFor([1, 2]) as item:",
        "    made = number(item)",
        "number(made)  # <-",
        message="outside of its loop 'for-loop-",
        hint="ml.Collected",
    ),
    in_pipeline(
        "a condition on an output of another branch",
        "E140",
        "with ml.If(number() == 1):",
        "    made = number()",
        "with ml.If(made == 2):  # <-",
        "    load()",
        message="outside of its branch",
    ),
    in_pipeline(
        "a loop over an output of a branch",
        "E140",
        "with ml.If(number() == 1):",
        "    made = numbers()",
        "with ml.ParallelFor(made) as item:  # <-",
        "    number(item)",
        message="outside of its branch",
    ),
    in_pipeline(
        "an item used outside of its loop",
        "E140",
        "with ml.ParallelFor([1, 2]) as item:",
        "    number(item)",
        "number(item)  # <-",
        message="outside of its loop",
    ),
    in_pipeline(
        "OneOf without Else",
        "E148",
        "with ml.If(count == 1):",
        "    a = number(1)",
        "with ml.Elif(count == 2):",
        "    b = number(2)",
        "number(ml.OneOf(a, b))  # <-",
        message="no Else",
    ),
    in_pipeline(
        "OneOf without a value from each branch",
        "E148",
        "with ml.If(count == 1):",
        "    a = number(1)",
        "with ml.Elif(count == 2):",
        "    b = number(2)",
        "with ml.Else():",
        "    load()",
        "number(ml.OneOf(a, b))  # <-",
        message="no value from condition-",
    ),
    in_pipeline(
        "OneOf with two values from one branch",
        "E148",
        "with ml.If(count == 1):",
        "    a = number(1)",
        "    b = number(2)",
        "with ml.Else():",
        "    c = number(3)",
        "number(ml.OneOf(a, b, c))  # <-",
        message="two values from one branch",
    ),
    in_pipeline(
        "OneOf of tasks that are in no branch",
        "E148",
        "number(ml.OneOf(number(1), number(2)))  # <-",
        message="do not come from the branches of one If",
    ),
    in_pipeline(
        "OneOf of different types",
        "E138",
        "with ml.If(count == 1):",
        "    a = number(1)",
        "with ml.Else():",
        "    b = text('b')",
        "number(ml.OneOf(a, b))  # <-",
        got="int and str",
    ),
    in_pipeline("OneOf of constants", "E138", "number(ml.OneOf(1, 2))  # <-", message="outputs of tasks"),
    in_pipeline(
        "Collected outside of a loop",
        "E147",
        "total(ml.Collected(number()))  # <-",
        hint="outside of the ParallelFor",
    ),
    in_pipeline("Collected of a constant", "E137", "total(ml.Collected(3))  # <-", got="3"),
    in_pipeline(
        "Collected of a loop's own item",
        "E147",
        "with ml.ParallelFor([1, 2]) as item:",
        "    number(item)",
        "total(ml.Collected(item))  # <-",
        hint="an output of a task inside of it",
    ),
    in_pipeline(
        "Collected once more than there are loops",
        "E137",
        "with ml.ParallelFor([1, 2]) as item:",
        "    made = number(item)",
        "total(ml.Collected(ml.Collected(made)))  # <-",
        message="no task makes in a loop",
    ),
    in_pipeline(
        "the values of two loops for those of one",
        "E113",
        "with ml.ParallelFor([1, 2]) as item:",
        "    with ml.ParallelFor([1, 2]) as other:",
        "        made = number(other)",
        "total(ml.Collected(made))  # <-",
        got="list[list[int]]",
        expected="list[int]",
    ),
    in_pipeline(
        "Collected inside of one loop and used outside of it",
        "E147",
        "with ml.ParallelFor([1, 2]) as item:",
        "    with ml.ParallelFor([1, 2]) as other:",
        "        made = number(other)",
        "    collected = ml.Collected(made)",
        "total(collected)  # <-",
        hint="where the value is used",
    ),
    in_pipeline(
        "a final status outside of an exit handler", "E112", "notify()  # <-", hint="ml.ExitHandler", message="'status'"
    ),
    in_pipeline("an importer of something else", "E113", "ml.importer('/x', int)  # <-", got="int"),
    in_pipeline(
        "metadata that is no JSON", "E113", "ml.importer('/x', Dataset, metadata={'a': {1}})  # <-", got="{1} (set)"
    ),
    in_pipeline("Elif without If", "E133", "with ml.Elif(number() == 1):  # <-", "    load()", message="Elif without"),
    in_pipeline("Else without If", "E133", "with ml.Else():  # <-", "    load()", message="Else without an If"),
    in_pipeline(
        "a task between If and Else",
        "E133",
        "with ml.If(count == 1):",
        "    load()",
        "number()",
        "with ml.Else():  # <-",
        "    load()",
        hint="nothing may stand between",
    ),
    in_pipeline(
        "a task in the condition of an Elif",
        "E133",
        "with ml.If(count == 1):",
        "    load()",
        "with ml.Elif(number() == 2):  # <-",
        "    load()",
        hint="not even a task in a condition",
    ),
    in_pipeline(
        "Else after Else",
        "E133",
        "with ml.If(count == 1):",
        "    load()",
        "with ml.Else():",
        "    load()",
        "with ml.Else():  # <-",
        "    load()",
        hint="nothing after Else",
    ),
    in_pipeline(
        "ParallelFor over an int", "E135", "with ml.ParallelFor(number()) as i:  # <-", "    load()", got="int"
    ),
    in_pipeline("ParallelFor over a text", "E135", "with ml.ParallelFor('abc') as i:  # <-", "    load()", got="'abc'"),
    in_pipeline(
        "ParallelFor over a list of references",
        "E135",
        "with ml.ParallelFor([number()]) as i:  # <-",
        "    load()",
        hint="build the list in a component",
    ),
    in_pipeline(
        "a negative parallelism", "E134", "with ml.ParallelFor([1], parallelism=-1):  # <-", "    load()", got="-1"
    ),
    in_pipeline("ExitHandler around a called task", "E136", "with ml.ExitHandler(load()):  # <-", "    number()"),
    # Order and names
    in_pipeline(
        "a circle of names",
        "E143",
        "number.options(name='a', after='b')()  # <-",
        "number.options(name='b', after='a')()",
        got=" → ",
        hint="remove one 'after'",
    ),
    in_pipeline("a task that waits for itself", "E143", "number.options(name='a', after='a')()  # <-", got="a → a"),
    in_pipeline(
        "two tasks with one name",
        "E141",
        "number.options(name='a')()",
        "load.options(name='a')()  # <-",
        message="'a'",
        hint="another name",
    ),
    in_pipeline("an unknown name after", "E144", "number.options(after='lod')()  # <-", "load()", hint="number, load"),
    in_pipeline("an unknown option", "E106", "number.options(cpus='1')()  # <-", hint="did you mean 'cpu'?"),
    in_pipeline("a wrong cpu", "E106", "number.options(cpu='two')()  # <-", got="'two'"),
    in_pipeline("a wrong memory", "E106", "number.options(memory='4 GB')()  # <-", got="'4 GB'"),
    in_pipeline("negative retries", "E106", "number.options(retries=-1)()  # <-", got="retries >= 0"),
    in_pipeline("retries as text", "E106", "number.options(retries='3')()  # <-", got="retries"),
    in_pipeline("a timeout of zero", "E106", "number.options(timeout_s=0)()  # <-", got="timeout_s > 0"),
    in_pipeline("a secret without a key", "E106", "number.options(secrets={'A': 'b'})()  # <-", got="secret-name/key"),
    in_pipeline("an upper case name", "E106", "number.options(name='Train')()  # <-", got="'Train'"),
    in_pipeline("a variable that is no text", "E106", "number.options(environment={'A': 1})()  # <-", got="'A': 1"),
    # Whole pipelines
    in_pipeline("an error of the author's own", "E162", "load()", "{}['key']  # <-", message="KeyError: 'key'"),
    Mistake("a pipeline without tasks", "E149", "@pipeline  # <-\ndef p() -> None:\n    pass\n"),
    Mistake(
        "an undeclared result",
        "E160",
        "@pipeline  # <-\ndef p() -> None:\n    return number()\n",
        hint="add '-> ",
    ),
    Mistake(
        "a result of the wrong type",
        "E113",
        "@pipeline  # <-\ndef p() -> str:\n    return number()\n",
        got="int is not str",
        expected="str",
    ),
    Mistake(
        "a constant as result",
        "E161",
        "@pipeline  # <-\ndef p() -> int:\n    number()\n    return 3\n",
        got="3",
        expected="int",
    ),
    Mistake(
        "its own input as result",
        "E142",
        "@pipeline  # <-\ndef p(value: int = 1) -> int:\n    number()\n    return value\n",
        hint="the output of a task",
    ),
    Mistake(
        "a result from inside a branch",
        "E140",
        "@pipeline  # <-\ndef p(value: int = 1) -> int:\n"
        "    with ml.If(value == 1):\n        a = number()\n    return a\n",
        hint="ml.OneOf",
    ),
    Mistake(
        "a pipeline that calls itself",
        "E143",
        "@pipeline  # <-\ndef p(value: int = 1) -> None:\n    number()\n    p(value)\n",
        message="calls itself",
        got="p → p",
    ),
    Mistake(
        "pipelines that call each other",
        "E143",
        "@pipeline\ndef q() -> None:\n    p()\n\n@pipeline  # <-\ndef p() -> None:\n    q()\n",
        got="p → q → p",
    ),
    Mistake(
        "a value of another pipeline",
        "E145",
        "kept = []\n@pipeline\ndef q(value: int) -> None:\n    kept.append(value)\n    number(value)\n\n"
        "@pipeline\ndef p(value: int = 1) -> None:\n    from milonga.compiler.trace import trace\n    trace(q)\n"
        "    number(kept[0])  # <-\n",
        hint="pass it as an input",
    ),
    # Components
    Mistake(
        "inputs of any number", "E102", "@component  # <-\ndef c(*values: int) -> int:\n    return 1\n", hint="one list"
    ),
    Mistake("inputs of any name", "E102", "@component  # <-\ndef c(**values: int) -> int:\n    return 1\n"),
    Mistake(
        "an input without a type", "E101", "@component  # <-\ndef c(value) -> int:\n    return 1\n", message="'value'"
    ),
    Mistake(
        "a type that cannot cross a task border",
        "E103",
        "@component  # <-\ndef c(value: set) -> int:\n    return 1\n",
        got="set",
        expected="a dataclass, or an artifact class",
    ),
    Mistake(
        "a result that cannot cross a task border",
        "E103",
        "@component  # <-\ndef c() -> bytes:\n    return b''\n",
        got="bytes",
        message="output 'Output' of 'c'",
    ),
    Mistake(
        "an item type that cannot cross a task border",
        "E103",
        "@component  # <-\ndef c(values: list[bytes]) -> int:\n    return 1\n",
        got="bytes",
    ),
    Mistake(
        "a type that does not exist",
        "E104",
        "@component  # <-\ndef c(value: 'Nothing') -> int:\n    return 1\n",
        got="'Nothing' is not defined",
        hint="TYPE_CHECKING",
    ),
    Mistake(
        "a default of the wrong type",
        "E105",
        "@component  # <-\ndef c(value: int = 'x') -> int:\n    return 1\n",
        got="'x'",
        expected="int",
    ),
    Mistake(
        "a default of an artifact",
        "E105",
        "@component  # <-\ndef c(value: Dataset = 'x') -> int:\n    return 1\n",
        message="must be None",
    ),
    Mistake(
        "an option of a component that does not exist",
        "E106",
        "@component(memry='1Gi')  # <-\ndef c() -> int:\n    return 1\n",
        hint="did you mean 'memory'?",
    ),
    Mistake(
        "an object made at run time",
        "E151",
        "import threading\nlock = threading.Lock()\ndef make():\n    held = lock\n    @component  # <-\n"
        "    def c() -> bool:\n        return held.locked()\n    return c\n\np = make()\n",
        message="'held'",
        got="lock",
        hint="build it inside the function",
    ),
    Mistake(
        "a name that does not exist",
        "E151",
        "@component  # <-\ndef p() -> int:\n    return missing_name\n",
        message="'missing_name', which is not defined",
        hint="top level",
    ),
]


def findings_of(author, program: str) -> tuple[tuple[AuthoringError, ...], str, list[int]]:
    """What the author is told about a program, its file, and the lines that it marks."""
    text = PRELUDE + program
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# <-")]
    try:
        module = author(text)
        trace(module.p)
    except AuthoringError as error:
        return error.findings or (error,), error.where.rpartition(":")[0], marked
    return (), "", marked


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_one_finding_at_the_authors_line(author, tmp_path, mistake):
    findings, _, (line,) = findings_of(author, mistake.program)

    told = "\n".join(map(str, findings))
    assert [finding.code for finding in findings] == [mistake.code], told
    finding = findings[0]
    file, _, number = finding.where.rpartition(":")
    assert file.startswith(str(tmp_path)), told
    assert int(number) == line, told
    assert mistake.hint in finding.hint, told
    assert mistake.message in finding.message, told
    assert mistake.got in finding.got, told
    assert mistake.expected in finding.expected, told


def test_every_mistake_of_a_pipeline_is_told_at_once(author):
    program = """
@pipeline
def p(count: int = 1) -> None:
    number('x')  # <-
    train(load(), epoch=2)  # <-
    deploy(train(load()).modell)  # <-
    if count > 1:  # <-
        load()
    with ml.Else():  # <-
        total(ml.Collected(number()))  # <-
"""
    findings, _, lines = findings_of(author, program)

    told = sorted((int(finding.where.rpartition(":")[2]), finding.code) for finding in findings)
    assert told == list(zip(lines, ["E113", "E111", "E130", "E120", "E133", "E147"], strict=True))


def test_the_message_of_several_mistakes_names_each_line(author):
    program = "@pipeline\ndef p() -> None:\n    number('x')  # <-\n    text(1)  # <-\n"
    with pytest.raises(AuthoringError) as raised:
        trace(author(PRELUDE + program).p)

    text = str(raised.value)
    assert text.startswith("2 mistakes in pipeline 'p'")
    for line in (number for number, one in enumerate((PRELUDE + program).splitlines(), 1) if one.endswith("# <-")):
        assert f".py:{line}\n" in text


def test_one_line_in_a_python_loop_is_one_finding(author):
    program = "@pipeline\ndef p() -> None:\n    for _ in range(50):\n        number('x')  # <-\n"
    findings, _, _ = findings_of(author, program)
    assert len(findings) == 1


def test_the_same_mistakes_in_two_calls_are_two_findings(author):
    findings, _, _ = findings_of(author, "@pipeline\ndef p() -> None:\n    number('x')\n    number('x')\n")
    assert len(findings) == 2


def test_a_mistake_in_a_nested_pipeline_names_the_line_inside_of_it(author):
    program = "@pipeline\ndef q() -> None:\n    number('x')  # <-\n\n@pipeline\ndef p() -> None:\n    q()\n    load()\n"
    findings, _, (line,) = findings_of(author, program)
    assert [finding.where.rpartition(":")[2] for finding in findings] == [str(line)]


def test_a_mistake_in_a_helper_of_the_author_names_the_line_of_the_helper(author):
    program = "def helper():\n    number('x')  # <-\n\n@pipeline\ndef p() -> None:\n    helper()\n"
    findings, _, (line,) = findings_of(author, program)
    assert [finding.where.rpartition(":")[2] for finding in findings] == [str(line)]


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("ml.If(True)", "E132"),
        ("ml.Else()", "E132"),
        ("ml.ParallelFor([1])", "E132"),
        ("ml.ExitHandler(notify)", "E132"),
        ("ml.Collected([1])", "E132"),
        ("ml.OneOf(1, 2)", "E132"),
        ("ml.importer('a', Dataset)", "E132"),
        ("@pipeline\ndef p() -> None:\n    load()\n\np()", "E131"),
    ],
)
def test_what_belongs_into_a_pipeline_says_so_elsewhere(author, program, code):
    with pytest.raises(AuthoringError) as raised:
        author(PRELUDE + program + "  # <-\n")

    error = raised.value
    assert error.code == code
    assert error.where.endswith(f":{len((PRELUDE + program).splitlines())}")
    assert error.hint


def test_the_components_of_the_table_are_right_where_they_are_used_right(author):
    program = """
@pipeline
def p(count: int = 1) -> float:
    with ml.ExitHandler(notify):
        data = load()
        trained = train(data, epochs=count)
        with ml.If((trained.accuracy > 0.5) & (count == 1)):
            a = number(1)
        with ml.Else():
            b = number(2)
        number(ml.OneOf(a, b))
        with ml.ParallelFor(numbers()) as item:
            made = number(item)
        total(ml.Collected(made))
        text.options(after=data, name="last")("done")
    return trained.accuracy
"""
    findings, _, _ = findings_of(author, program)
    assert findings == ()
