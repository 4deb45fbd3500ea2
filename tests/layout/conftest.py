from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOTS = ("src/milonga", "components", "pipelines", "compiler")


def tracked() -> list[str]:
    """All files of the project: what git knows, and what it would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in set(done.stdout.split("\0")) if name and (ROOT / name).exists())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[str]:
    return tracked()


@pytest.fixture(scope="session")
def sources(files: list[str]) -> list[str]:
    """The Python files of the four roots."""
    return [name for name in files if name.endswith(".py") and name.startswith(tuple(f"{root}/" for root in ROOTS))]


@pytest.fixture(scope="session")
def trees(sources: list[str]) -> dict[str, ast.Module]:
    return {name: ast.parse((ROOT / name).read_text("utf-8"), name) for name in sources}


@pytest.fixture(scope="session")
def at_import() -> Callable[[ast.Module], Iterator[ast.stmt]]:
    """Every statement that runs when a module is imported: not those in functions or under `if TYPE_CHECKING`."""

    def walk(body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in body:
            yield node
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                yield from walk(node.orelse)
                continue
            for field in ("body", "orelse", "finalbody"):
                yield from walk(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from walk(handler.body)

    return lambda tree: walk(tree.body)
