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
from collections.abc import Iterable, Iterator
from pathlib import Path

from milonga import __about__, dsl
from milonga.compiler.trace.statements import imports_of
from milonga.errors import AuthoringError
from milonga.runtime.program import pack

_DATA_SUFFIXES = frozenset({".css", ".csv", ".html", ".json", ".toml", ".txt", ".yaml", ".yml"})
_DATA_BYTES_MAX = 64 * 1024
_CARRIED = ("artifacts", "json_form", "parameters", "places", "signature")
"""What of the language every task carries."""

_LANGUAGE = "milonga.dsl (the whole language)"
"""Stands among the imports of a module that defines components or pipelines, which a task does not need by itself."""

PACKED_CHARACTERS_MAX = 120_000
"""Linux takes at most 128 KiB in one command line argument (MAX_ARG_STRLEN)."""


@functools.lru_cache(maxsize=1)
def _installed_roots() -> tuple[Path, ...]:
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(Path(path).resolve() for path in paths if path)


def bundle_of(imports: Iterable[str], *, where: str) -> dict[str, str]:
    """The files of all project modules behind `imports`: path in the bundle → text.

    Raises:
        AuthoringError: E150 a module cannot be read, E152 the bundle is too large to travel inside the pipeline file.
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
        if found is None or found[0] in files:
            continue
        path, file = found
        status = file.stat()
        try:
            text, inner = _read(file, (status.st_mtime_ns, status.st_size), name, path)
        except (OSError, ValueError, SyntaxError) as error:
            raise AuthoringError(
                "E150", f"the source of module '{name}' cannot be read: {error}", where=where, got=path
            ) from None
        files[path] = text
        if path.endswith("/__init__.py"):
            files.update(_data_files(name, file))
        todo.extend(inner)
        todo.extend(_parents(name))
    if _LANGUAGE in seen:
        files.update(_language_files())
    size = len(pack(files)) if files else 0
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
    names = set(imports_of(tree))
    if _uses_language(tree):
        names.add(_LANGUAGE)
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:  # relative, in somebody else's project
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            names.add(prefix)
            names.update(f"{prefix}.{alias.name}" for alias in node.names)
    return names


def _uses_language(tree: ast.AST) -> bool:
    """Whether a module asks milonga for more than the artifacts and types that every task carries."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name in ("milonga", "milonga.dsl") for alias in node.names):
            return True
        names = node.names if isinstance(node, ast.ImportFrom) and node.module in ("milonga", "milonga.dsl") else []
        if any(dsl.HOMES.get(alias.name, "artifacts") not in _CARRIED for alias in names):
            return True
    return False


def _project_root(top: str) -> tuple[Path, ...] | None:
    """Where the top-level package or module of a project lives: its folders, or its one file; None for all others."""
    try:
        return None if top in sys.stdlib_module_names else _found_root(top)
    except (ImportError, ValueError, AttributeError):
        return None


@functools.lru_cache(maxsize=4096)
def _found_root(top: str) -> tuple[Path, ...] | None:
    """The same for a name that is there; that one is not is never remembered: a notebook may write the file later.

    Only the top name is resolved by the import system: looking further down would import other people's packages.

    Raises:
        ImportError: there is no such module.
    """
    spec = importlib.util.find_spec(top)
    if spec is None:
        raise ImportError(top)
    places = list(spec.submodule_search_locations or ([spec.origin] if spec.origin else []))
    roots = tuple(Path(place) for place in places)
    if top != "milonga" and any(base in root.resolve().parents for base in _installed_roots() for root in roots):
        return None
    return roots


def _project_file(name: str) -> tuple[str, Path] | None:
    """The file of a project module: (path in the bundle, file)."""
    top, _, rest = name.partition(".")
    if top == "milonga" and not name.startswith(("milonga.components", "milonga.pipelines")):
        return None  # the rest of milonga travels as the runtime, or is not for tasks
    for root in _project_root(top) or ():
        if root.suffix == ".py":
            return (f"{top}.py", root) if not rest else None
        base = root.joinpath(*rest.split(".")) if rest else root
        path = name.replace(".", "/")
        if (base / "__init__.py").is_file():
            return f"{path}/__init__.py", base / "__init__.py"
        if rest and base.with_suffix(".py").is_file():
            return f"{path}.py", base.with_suffix(".py")
    return None


@functools.lru_cache(maxsize=4096)
def _read(file: Path, stamp: tuple[int, int], name: str, path: str) -> tuple[str, frozenset[str]]:
    """Text and imports of a module; the stamp makes an edited file a new one."""
    text = file.read_text("utf-8")
    return text, frozenset(_module_imports(text, name, path))


def _data_files(package: str, init: Path) -> Iterator[tuple[str, str]]:
    """Text files that lie in a package, and in its folders that are no packages: a module may read them."""
    prefix = package.replace(".", "/")
    for path in sorted(init.parent.rglob("*")):
        inside = path.relative_to(init.parent)
        if path.suffix not in _DATA_SUFFIXES or any(
            (init.parent / part / "__init__.py").exists() for part in inside.parents[:-1]
        ):
            continue
        if path.stat().st_size <= _DATA_BYTES_MAX:
            yield f"{prefix}/{inside.as_posix()}", path.read_text("utf-8")


@functools.lru_cache(maxsize=1)
def runtime_files() -> dict[str, str]:
    """milonga's own modules that every task carries: path → source without docstrings and comments."""
    root = Path(__about__.__file__).parent
    names = ["__init__.py", "__about__.py", "errors.py", "dsl/__init__.py"]
    names += [f"dsl/{name}.py" for name in _CARRIED if name != "artifacts"]
    names += [f"dsl/artifacts/{path.name}" for path in sorted((root / "dsl" / "artifacts").glob("*.py"))]
    names += [f"runtime/{path.name}" for path in sorted((root / "runtime").glob("*.py"))]
    return {f"milonga/{name}": _compact((root / name).read_text("utf-8")) for name in names}


@functools.lru_cache(maxsize=1)
def packed_runtime() -> str:
    """The same as the text that goes into every container: packing takes longer than all else about a small step."""
    return pack(runtime_files())


@functools.lru_cache(maxsize=1)
def _language_files() -> dict[str, str]:
    """The rest of the language, so that a module that defines components can be imported in a task as well."""
    folder = Path(__about__.__file__).parent / "dsl"
    paths = [path for path in sorted(folder.glob("*.py")) if path.stem not in (*_CARRIED, "__init__")]
    return {f"milonga/dsl/{path.name}": _compact(path.read_text("utf-8")) for path in paths}


def _compact(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
