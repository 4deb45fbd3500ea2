"""milonga's own modules travel without what only a reader needs, and still do what they did."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.compiler.trace.compaction import compact, compact_json

ROOT = Path(__file__).parents[3]
OURS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("components", "pipelines", "src/milonga/dsl", "src/milonga/runtime")
    for path in (ROOT / folder).rglob("*.py")
)
UNREAD = {"property", "staticmethod", "classmethod", "contextmanager", "cache", "lru_cache"}


class Bare(ast.NodeTransformer):
    """What should be left, said a second time and on the tree instead of the text."""

    def __init__(self, text: str) -> None:
        self.inside: list[type] = []
        self.lists_its_names_for_readers_only = text.count("__all__") == 1

    def visit(self, node):
        self.inside.append(type(node))
        self.generic_visit(node)
        self.inside.pop()
        for name in ("body", "orelse", "finalbody"):
            if isinstance(getattr(node, name, None), list):
                kept = [item for item in getattr(node, name) if not self.is_idle(item)]
                if not kept and getattr(node, name) and not isinstance(node, ast.Module):
                    kept = [ast.Pass()]
                setattr(node, name, kept)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            marks = {ast.unparse(mark).split("(")[0].rpartition(".")[2] for mark in node.decorator_list}
            if marks <= UNREAD:
                node.returns = None
                for argument in ast.walk(node.args):
                    if isinstance(argument, ast.arg):
                        argument.annotation = None
        scope = next((one for one in reversed(self.inside) if one in (ast.FunctionDef, ast.ClassDef)), None)
        if isinstance(node, ast.AnnAssign) and node.value is not None and scope is ast.FunctionDef:
            return ast.Assign([node.target], node.value, lineno=0)
        return node

    def is_idle(self, node) -> bool:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return isinstance(node.value.value, (str, type(...)))
        if isinstance(node, ast.If):
            return ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse
        if isinstance(node, ast.Assign):
            return ast.unparse(node.targets[0]) == "__all__" and self.lists_its_names_for_readers_only
        return "overload" in [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]


@pytest.mark.parametrize("name", OURS)
def test_each_module_that_may_travel_keeps_its_statements_in_fewer_characters(name):
    text = (ROOT / name).read_text("utf-8")
    short = compact(text)
    assert ast.dump(ast.parse(short)) == ast.dump(Bare(text).visit(ast.parse(text)))
    assert len(short) <= len(text)
    assert compact(short) == short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ('"""What it is for."""\n', ""),
        ("x = 1  # why\n\n\n# more\ny = x\n", "x=1\ny=x\n"),
        ('def f():\n    """What."""\n', "def f():\n pass\n"),
        ('class A:\n    """What."""\n\n    x: int = 1\n    """Why."""\n', "class A:\n x:int=1\n"),
        ("def f(a: int, *, b: str = 'x', **c: int) -> list[int]:\n    d: int = a\n    return d\n",
         "def f(a,*,b='x',**c):\n d=a\n return d\n"),
        ("@component\ndef f(a: int) -> int:\n    return a\n", "@component\ndef f(a:int)->int:\n return a\n"),
        ("@overload\ndef f(a: int) -> int: ...\ndef f(a: Any) -> Any:\n    return a\n", "def f(a):\n return a\n"),
        ("if TYPE_CHECKING:\n    import a\nimport b\n", "import b\n"),
        ("if not TYPE_CHECKING:\n    import a\n", "if not TYPE_CHECKING:\n import a\n"),
        ("def f():\n    if TYPE_CHECKING:\n        import a\n", "def f():\n pass\n"),
        ("x = [\n    1,  # one\n\n    2,\n]\n", "x=[1,2,]\n"),
        ("x = 1 .real\ny = 1 if x else 2\nz = not x\n", "x=1 .real\ny=1 if x else 2\nz=not x\n"),
        ("x = a \\\n    + b\n", "x=a+b\n"),
        ('x = "it\'s"\ny = "a\\"b"\nz = f"{x}"\n', 'x="it\'s"\ny="a\\"b"\nz=f\'{x}\'\n'),
        ('x = """a\n  b  # no comment\n"""\n', 'x="""a\n  b  # no comment\n"""\n'),
        ("x = f\"{a['b']:>{n}}  # no comment\"\n", "x=f\"{a['b']:>{n}}  # no comment\"\n"),
        ('x = f"""{\na\n}  b"""\n', 'x=f"""{\na\n}  b"""\n'),
        ("é: int = 1\n\n\ndef ü(ö: int) -> int:\n    return ö\n", "é:int=1\ndef ü(ö):\n return ö\n"),
        ("try:\n    a()\nexcept E:\n    '''No.'''\nfinally:\n    b()\n",
         "try:\n a()\nexcept E:\n pass\nfinally:\n b()\n"),
        ("def f():\n    class A:\n        x: int = 1\n    return A\n", "def f():\n class A:\n  x:int=1\n return A\n"),
        ("lambda: (yield)\nx[a:-b]\n", "lambda:(yield)\nx[a:-b]\n"),
        ("x = 'a' 'b'\ny = a if b else'c'\nprint(x)if y else z\n", "x='a''b'\ny=a if b else'c'\nprint(x)if y else z\n"),
    ],
)  # fmt: skip
def test_what_goes_and_what_stays(text, short):
    assert compact(text) == short
    ast.parse(short)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                    | st.text(), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_a_json_file_keeps_its_content_and_the_order_of_its_members(value):
    text = json.dumps(value, indent=2)
    short = compact_json(text)
    assert json.loads(short) == value
    assert json.dumps(json.loads(short)) == json.dumps(value)
    assert short.count("\n") == 1
