"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOTS = ("src/milonga", "components", "pipelines", "compiler")
LINKS = ("components", "pipelines", "compiler")
HEAVY = {
    *("numpy", "torch", "onnx", "onnxruntime", "onnxscript", "sklearn", "PIL", "optuna", "kserve", "pyarrow", "pandas"),
    *(
        "skops",
        "safetensors",
        "kfp",
        "kubernetes",
        "google",
        "threadpoolctl",
        "mlflow",
        "fastapi",
        "uvicorn",
        "requests",
    ),
}
BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "managers", "tools", "base_utils"}
ABOUT_THE_WHOLE = {
    "docs",
    "engine",
    "goldens",
    "hostile",
    "layout",
    "packaging",
    "typing",
    "notebooks",
    "benchmarks",
    "tools",
    "conformance",
    "on_a_cluster",
}
"""Folders under tests/ that may stand for more than one package."""


def test_the_three_folders_are_linked_into_the_package(root: Path) -> None:
    for name in LINKS:
        link = root / "src" / "milonga" / name
        assert link.is_symlink() and link.readlink() == Path("../..") / name and (link / "__init__.py").is_file()


def test_links_are_known_to_git_as_links(root: Path) -> None:
    command = ["git", "ls-files", "--stage", *(f"src/milonga/{name}" for name in LINKS)]
    lines = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == 3 and all(line.startswith("120000 ") for line in lines)


def test_a_module_has_one_name_only(root: Path) -> None:
    script = (
        "import importlib, sys\n"
        "for name in ('components', 'pipelines', 'compiler'):\n"
        "    assert importlib.import_module(f'milonga.{name}').__name__ == f'milonga.{name}'\n"
        "    assert name not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=root / "tests", check=True)


def test_files_are_short(root: Path, sources: list[str]) -> None:
    lengths = {name: len((root / name).read_text("utf-8").splitlines()) for name in sources}
    assert {name: length for name, length in lengths.items() if length > 600} == {}
    assert statistics.median(lengths.values()) <= 150


def test_no_file_or_folder_has_a_name_that_says_nothing(files: list[str]) -> None:
    inside = [name for name in files if name.startswith(ROOTS)]
    assert [name for name in inside if BANNED_NAMES & {part.removesuffix(".py") for part in Path(name).parts}] == []


def test_no_class_is_a_manager(trees) -> None:
    named = re.compile(r".*(Manager|Helper|Utils?|Misc)$")
    found = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and named.match(node.name)
    ]
    assert found == []


def test_tests_live_in_tests_only(files: list[str]) -> None:
    inside = [name for name in files if name.startswith(tuple(f"{root}/" for root in ROOTS))]
    assert [name for name in inside if Path(name).name.startswith(("test_", "conftest")) or "/tests/" in name] == []


def test_the_folders_of_tests_mirror_the_packages(root: Path, files: list[str]) -> None:
    packages = {
        str(Path(name).parent.relative_to("src/milonga") if name.startswith("src/milonga/") else Path(name).parent)
        for name in files
        if name.endswith("__init__.py") and name.startswith(tuple(f"{root}/" for root in ROOTS))
    }
    folders = {
        str(Path(name).parent.relative_to("tests")) for name in files if re.match(r"tests/.*/test_\w+\.py", name)
    }
    strangers = {folder for folder in folders if folder not in packages and folder.split("/")[0] not in ABOUT_THE_WHOLE}
    assert strangers == set()


def test_every_package_of_the_engine_room_has_tests(files: list[str]) -> None:
    tested = {name.split("/")[1] for name in files if re.match(r"tests/\w+/(.*/)?test_\w+\.py", name)}
    assert {"engine", "lineage", "cli", "compiler", "components", "reporting", "serving"} <= tested


def test_test_files_have_names_of_their_own(files: list[str]) -> None:
    names = [Path(name).name for name in files if re.match(r"tests/.*test_\w+\.py", name)]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_every_module_says_what_it_is_for(trees) -> None:
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree) and tree.body] == []


def test_the_changelog_names_the_version(root: Path) -> None:
    from milonga import __version__

    newest = re.search(r"(?m)^## (\S+)", (root / "CHANGELOG.md").read_text("utf-8"))
    assert newest is not None and newest.group(1) == __version__


def test_the_layers_hold(root: Path) -> None:
    pytest.importorskip("importlinter")
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _imported(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return {node.module.split(".")[0]}
    return set()


def test_nothing_heavy_is_imported_with_a_module(trees, at_import) -> None:
    found = [
        f"{name}:{node.lineno} {', '.join(sorted(_imported(node) & HEAVY))}"
        for name, tree in trees.items()
        for node in at_import(tree)
        if _imported(node) & HEAVY
    ]
    assert found == []


def test_imports_are_absolute_and_through_the_package(trees) -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.level)
        or (isinstance(node, (ast.Import, ast.ImportFrom)) and _imported(node) & set(LINKS))
    ]
    assert found == []


def test_what_travels_into_tasks_needs_the_standard_library_only(trees, at_import) -> None:
    travelling = [name for name in trees if re.match(r"src/milonga/(errors\.py|runtime/|dsl/artifacts/)", name)]
    assert travelling
    strangers = {
        f"{name}: {module}"
        for name in travelling
        for node in at_import(trees[name])
        for module in _imported(node)
        if module != "milonga" and module not in sys.stdlib_module_names
    }
    assert strangers == set()


def test_nothing_happens_when_a_module_is_imported(trees, at_import) -> None:
    """No bare calls at module level; what stands under `if __name__ == "__main__"` is a program."""
    found = []
    for name, tree in trees.items():
        guarded = {
            id(inner)
            for node in tree.body
            if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in at_import(tree):
            is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            is_allowed = name.endswith("__main__.py") or ast.unparse(node).startswith(
                ("_Loader.add_constructor", "_SlowLoader.add_constructor")
            )
            if is_call and id(node) not in guarded and not is_allowed:
                found.append(f"{name}:{node.lineno} {ast.unparse(node)[:60]}")
    assert found == []


def test_importing_milonga_costs_next_to_nothing() -> None:
    script = (
        "import sys\nbefore = set(sys.modules)\nimport milonga\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'milonga'}))\n"
        "print(len([name for name in sys.modules if name.startswith('milonga')]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    foreign, own = done.stdout.splitlines()
    assert foreign == "[]" and int(own) <= 3


@pytest.mark.parametrize(
    "module", ["milonga.engine.api", "milonga.components", "milonga.pipelines.image_classification", "milonga.cli.main"]
)
def test_importing_any_part_loads_nothing_heavy(module: str) -> None:
    script = f"import sys, {module}; print(sorted({HEAVY!r} & {{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


PUBLIC = [
    "HTML",
    "Artifact",
    "ClassificationMetrics",
    "Collected",
    "Component",
    "Dataset",
    "Elif",
    "Else",
    "ExitHandler",
    "If",
    "Markdown",
    "Metrics",
    "MilongaError",
    "Model",
    "OneOf",
    "ParallelFor",
    "Pipeline",
    "Schedule",
    "TaskFinalStatus",
    "__version__",
    "check",
    "compile",
    "component",
    "contains",
    "diff",
    "from_kfp",
    "importer",
    "pipeline",
    "replay",
    "run",
    "submit",
]
PUBLIC_RUN = [
    "target",
    "arguments",
    "jobs",
    "mode",
    "cache",
    "cache_max_age",
    "cache_max_size",
    "fail_fast",
    "secrets",
    "home",
    "resume",
    "install",
    "resources",
    "inject",
    "progress",
]


def test_the_public_names_are_pinned() -> None:
    """Taking one away, or renaming one, is a decision: change this list with it."""
    import inspect

    import milonga

    assert milonga.__all__ == PUBLIC and sorted(dir(milonga)) == sorted(PUBLIC)
    assert all(getattr(milonga, name) is not None for name in PUBLIC)
    assert list(inspect.signature(milonga.run).parameters) == PUBLIC_RUN
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        milonga.nothing  # noqa: B018


def test_the_lazy_names_are_what_a_type_checker_sees(root: Path) -> None:
    for file in ("src/milonga/__init__.py", "src/milonga/dsl/__init__.py"):
        tree = ast.parse((root / file).read_text("utf-8"))
        checked = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.If)
            for inner in node.body
            if isinstance(inner, ast.ImportFrom)
            for alias in inner.names
        }
        names = next(
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        )
        assert checked == set(names) - {"__version__"}, file


def test_no_file_names_a_machine(root: Path, files: list[str]) -> None:
    """Paths of somebody's home or of this checkout have no place in the project."""
    named = re.compile(rb"/work/(main|shared)|/tmp/boot|/root/|/home/[a-z]+/(?!\.)")
    texts = [name for name in files if (root / name).is_file() and not (root / name).is_symlink()]
    found = [
        name
        for name in texts
        if named.search((root / name).read_bytes()) and name != "tests/layout/test_project_layout.py"
    ]
    assert found == []
