"""Which dotted names a text takes from elsewhere, and which a package loads on demand."""

import ast
import textwrap

import pytest

from milonga.compiler.trace.imported_names import imports_of, names_on_demand


def names(text: str, package: str = "") -> set[str]:
    return imports_of(ast.parse(textwrap.dedent(text)), package)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a\na.b.c()", {"a", "a.b.c"}),
        ("import a.b\na.b.c", {"a.b", "a.b.c"}),
        ("import a.b as x\nx.c.d", {"a.b", "a.b.c.d"}),
        ("from a import b\nb.c", {"a", "a.b", "a.b.c"}),
        ("from a import b as x\nx.c", {"a", "a.b", "a.b.c"}),
        ("from a.b import *", {"a.b", "a.b.*"}),
        ("def f():\n    from a import b\n    return b.c", {"a", "a.b", "a.b.c"}),
        ("import a\ndef f(x: 'a.B'): pass", {"a", "a.B"}),
        ("import a\ndef f() -> 'list[a.B]': pass", {"a", "a.B"}),
        ("import a\nx: 'a.B' = 1", {"a", "a.B"}),
        ("", set()),
    ],
)
def test_what_is_imported_and_what_is_read_of_it(text, expected):
    assert {name for name in names(text) if not name.endswith(".*.*")} == expected


@pytest.mark.parametrize(
    "text",
    [
        "import a.b as x\nf(x)",
        "import a.b as x",
        "from a import b\ng = b",
        "from a import b",
        "import a.b",
        "import a.b\nf(a)",
    ],
)
def test_all_of_a_module_is_meant_where_it_is_handed_on_or_not_used_here(text):
    assert "a.b.*" in names(text)


@pytest.mark.parametrize("guard", ["TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"])
def test_imports_for_type_checkers_are_none(guard):
    found = names(f"if {guard}:\n    import a\nelse:\n    import b\nb.x\n")
    assert found == {"b", "b.x"}


def test_the_other_way_round_as_well():
    found = names("if not TYPE_CHECKING:\n    import a\n    a.x\nelse:\n    import b\n")
    assert found == {"a", "a.x"}


def test_a_guard_with_another_condition_counts():
    assert "a" in names("if TYPE_CHECKING or X:\n    import a\n")


def test_relative_imports_start_from_the_package():
    assert {"p.q", "p.q.x", "p.r", "p.r.y"} <= names("from . import x\nfrom ..r import y", "p.q")
    assert not {name for name in names("from ....r import y", "p.q") if "r" in name}
    assert names("from . import x") == set(), "a function's own text has no package"


PACKAGE = """
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        import other.things as things
        from p.deep import Deep
        from .near import Near as Nearby, Second
        from far import *
"""


@pytest.mark.parametrize(
    "loader",
    [
        "def __getattr__(name): ...",
        "if not TYPE_CHECKING:\n    def __getattr__(name): ...",
        "__getattr__ = make(__name__)",
        "__getattr__, __dir__, __all__ = lazy.attach(__name__, ['x'])",
        "from p._lazy import __getattr__",
        "try:\n    import x\nexcept ImportError:\n    def __getattr__(name): ...",
    ],
)
def test_a_package_that_loads_on_demand_is_read_off_what_type_checkers_see(loader):
    tree = ast.parse(textwrap.dedent(PACKAGE) + loader)
    assert names_on_demand(tree, "p") == {
        "things": "other.things",
        "Deep": "p.deep.Deep",
        "Nearby": "p.near.Near",
        "Second": "p.near.Second",
        "*": "far.*",
    }


@pytest.mark.parametrize(
    "text", ["", "class A:\n    def __getattr__(self, name): ...", "def f():\n    __getattr__ = 1"]
)
def test_any_other_module_has_no_such_table(text):
    assert names_on_demand(ast.parse(textwrap.dedent(PACKAGE) + text), "p") is None
