"""Which project modules a task's source imports, directly or through others, as a bundle of files.

A module is the project's when its file is neither the standard library's nor an installed distribution's; milonga's own
components and pipelines count as the project's, so that they travel like anybody's. Analysis is static: what is
imported by a computed name is not seen (put it into the image, or import it by name).
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from milonga.compiler.trace.sources import imports_of
from milonga.errors import AuthoringError
from milonga.runtime.program import pack

PACKED_CHARACTERS_MAX = 120_000
"""Linux takes at most 128 KiB in one command line argument (MAX_ARG_STRLEN)."""


@functools.lru_cache(maxsize=1)
def _installed_roots() -> tuple[Path, ...]:
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(Path(path).resolve() for path in paths if path)


def bundle_of(imports: Iterable[str], *, where: str) -> dict[str, str]:
    """The files of all project modules behind `imports`: path in the bundle → text.

    Raises:
        AuthoringError: E152, the bundle is too large to travel inside the pipeline file.
    """
    files: dict[str, str] = {}
    todo = list(imports)
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        found = _project_file(name)
        if found is None:
            continue
        path, text = found
        if path in files:
            continue
        files[path] = text
        todo.extend(_module_imports(text, name, path))
        todo.extend(_parents(name))
    size = len(pack(files))
    if size > PACKED_CHARACTERS_MAX:
        largest = max(files, key=lambda path: len(files[path]))
        raise AuthoringError(
            "E152",
            "the project modules that a component imports are too large to travel in the pipeline file",
            where=where,
            got=f"{size // 1000} kB packed, {len(files)} files, the largest {largest}",
            expected=f"at most {PACKED_CHARACTERS_MAX // 1000} kB packed",
            hint="put the code into the component's image, or import less",
        )
    return dict(sorted(files.items()))


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _module_imports(text: str, name: str, path: str) -> set[str]:
    tree = ast.parse(text)
    names = {item for item in imports_of(tree)}
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:  # relative, in somebody else's project
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            names.add(prefix)
            names.update(f"{prefix}.{alias.name}" for alias in node.names)
    return names


@functools.lru_cache(maxsize=4096)
def _project_file(name: str) -> tuple[str, str] | None:
    """The file of a project module: (path in the bundle, text)."""
    top = name.split(".")[0]
    if top in sys.stdlib_module_names:
        return None
    if top == "milonga" and not name.startswith(("milonga.components", "milonga.pipelines")):
        return None  # the rest of milonga travels as the runtime, or is not for tasks
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    if top != "milonga" and any(root in Path(spec.origin).resolve().parents for root in _installed_roots()):
        return None
    return _bundle_path(name, spec.origin), Path(spec.origin).read_text("utf-8")


def _bundle_path(name: str, origin: str) -> str:
    path = name.replace(".", "/")
    return f"{path}/__init__.py" if Path(origin).name == "__init__.py" else f"{path}.py"


@functools.lru_cache(maxsize=1)
def runtime_files() -> dict[str, str]:
    """milonga's own modules that every task carries: path → source without docstrings and comments."""
    import milonga

    root = Path(milonga.__file__).parent
    names = ["__init__.py", "__about__.py", "errors.py", "dsl/__init__.py"]
    names += [f"dsl/{name}.py" for name in ("parameters", "places", "signature")]
    names += [f"dsl/artifacts/{path.name}" for path in sorted((root / "dsl" / "artifacts").glob("*.py"))]
    names += [f"runtime/{path.name}" for path in sorted((root / "runtime").glob("*.py"))]
    return {f"milonga/{name}": _compact((root / name).read_text("utf-8")) for name in names}


def _compact(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
