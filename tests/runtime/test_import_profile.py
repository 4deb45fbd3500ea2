"""What an import costs: `import milonga` loads its own few modules and nothing heavy."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from milonga.compiler.trace.imported_names import names_on_demand

PINNED = Path(__file__).with_name("imported_modules.txt")
HEAVY = [
    "torch", "onnx", "onnxruntime", "numpy", "pandas", "pyarrow", "sklearn", "PIL", "optuna", "yaml", "click", "rich",
    "kfp", "kserve", "kubernetes", "google", "mlflow", "requests", "urllib3", "sqlite3", "asyncio", "multiprocessing",
]  # fmt: skip


def loaded_by(program: str) -> set[str]:
    """Modules that a program loads in a fresh Python, beyond those that Python starts with."""
    code = f"import sys; before = set(sys.modules); {program}; print('\\n'.join(sorted(set(sys.modules) - before)))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def heavy_among(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} & set(HEAVY)


def pinned(section: str) -> list[str]:
    _, _, text = PINNED.read_text().partition(f"[{section}]\n")
    return text.partition("\n[")[0].split()


def test_import_milonga_loads_nothing_heavy():
    assert heavy_among(loaded_by("import milonga")) == set()


SECTIONS = {
    "import milonga": "import milonga",
    "from milonga import component": "from milonga import component",
    "from milonga import component, pipeline, If, Dataset": "from milonga import component, pipeline, If, Dataset",
    "from milonga.runtime import main": "from milonga.runtime import main",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_modules_of_milonga_that_are_loaded_are_pinned(section, update_goldens):
    loaded = sorted(name for name in loaded_by(SECTIONS[section]) if name.split(".")[0] == "milonga")
    if update_goldens:
        sections = {name: pinned(name) for name in SECTIONS} if PINNED.exists() else {}
        sections[section] = loaded
        PINNED.write_text("\n".join(f"[{name}]\n" + "\n".join(found) + "\n" for name, found in sections.items()))
    assert loaded == pinned(section)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_language_and_the_runtime_load_nothing_heavy(section):
    assert heavy_among(loaded_by(SECTIONS[section])) == set()


def test_a_whole_run_loads_no_command_line_and_no_numbers():
    program = "from milonga.engine import api"
    assert heavy_among(loaded_by(program)) <= {"yaml", "sqlite3", "multiprocessing", "asyncio"}


COMPONENTS = sorted(path.parent.name for path in (Path(__file__).parents[2] / "components").glob("*/component.py"))


@pytest.mark.parametrize("noun", COMPONENTS)
def test_a_component_module_loads_nothing_heavy(noun):
    loaded = loaded_by(f"import milonga.components.{noun}.component")
    assert heavy_among(loaded) == set()


@pytest.mark.parametrize("noun", [*COMPONENTS, "contracts"])
def test_a_package_of_components_loads_nothing_until_a_name_is_used(noun):
    loaded = loaded_by(f"import milonga.components.{noun}")
    assert {name for name in loaded if name.startswith("milonga.components.")} == {f"milonga.components.{noun}"}


@pytest.mark.parametrize("noun", [*COMPONENTS, "contracts"])
def test_a_package_says_the_same_to_python_and_to_type_checkers(noun):
    """The table that loads a name, the imports that a type checker reads and `__all__` are written down separately."""
    package = importlib.import_module(f"milonga.components.{noun}")
    tree = ast.parse(Path(package.__file__).read_text())
    read = names_on_demand(tree, package.__name__)
    table = {name: f"{package.__name__}.{home}.{name}" for name, home in package._HOMES.items()}
    assert read == table
    assert set(package.__all__) == set(table) == set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__module__ == f"{package.__name__}.{package._HOMES[name]}"
    with pytest.raises(AttributeError, match="no_such_name"):
        package.no_such_name  # noqa: B018


def test_every_component_folder_is_looked_at():
    assert {"training", "evaluation", "deployment", "ingestion"} <= set(COMPONENTS)


def test_the_pipelines_load_nothing_heavy():
    assert heavy_among(loaded_by("import milonga.pipelines.image_classification")) == set()
