"""What tests of all areas share: golden files, and programs written to real files."""

import importlib.util
import itertools
import os
import sys
import textwrap
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

NUMBERS = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write the golden files instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    """How long an example takes says something of the machine, and nothing of milonga."""
    settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any-machine")
    if config.getoption("--update-goldens") and os.environ.get("CI", "").lower() in ("1", "true"):
        raise pytest.UsageError("--update-goldens is refused in CI: a golden file is changed by a person, who reads it")


@contextmanager
def bytecode_kept() -> Iterator[None]:
    """What is imported here is compiled once and not in every process, also where PYTHONDONTWRITEBYTECODE is set."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the compiled test files: else each worker of each run spends twelve seconds on them.

    Not for longer: files that a test writes, runs and writes again within a second would be taken for unchanged.
    """
    with bytecode_kept():
        return (yield)


@pytest.fixture(scope="session")
def keeping_bytecode() -> Callable[[], AbstractContextManager[None]]:
    """`with keeping_bytecode():` around the first use of a large library."""
    return bytecode_kept


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written."""
    return bool(request.config.getoption("--update-goldens"))


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Write a program to a real file and import it, as an author's module: `author(text, file="steps.py")`."""
    loaded: list[str] = []

    def load(text: str, *, file: str = "") -> ModuleType:
        number = next(NUMBERS)
        path = tmp_path / (file or f"author_{number}.py")
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        name = f"{path.stem}_{number}" if file else path.stem
        specification = importlib.util.spec_from_file_location(name, path)
        assert specification is not None and specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module
        loaded.append(name)
        specification.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        sys.modules.pop(name, None)
