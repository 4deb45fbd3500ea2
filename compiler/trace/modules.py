"""Which project modules a task's source imports, directly or through others, as a bundle of files.

A module is the project's when its file is neither the standard library's nor an installed distribution's; milonga's own
components, pipelines and language count as the project's, so that they travel like anybody's. The author's files travel
as they are; of milonga's own, only what runs (`compaction`). Analysis is static: what is imported by a computed name is
not seen (put it into the image, or import it by name), unless a package says under `TYPE_CHECKING` what it loads so.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from milonga import __about__
from milonga.compiler.trace.compaction import compact, compact_json
from milonga.compiler.trace.project_module import ProjectModule, read_project_module
from milonga.errors import AuthoringError
from milonga.runtime.program import PACKED_CHARACTERS_MAX, pack

_DATA_SUFFIXES = frozenset({".css", ".csv", ".html", ".json", ".toml", ".txt", ".yaml", ".yml"})
_DATA_BYTES_MAX = 64 * 1024
_CARRIED = ("artifacts", "json_form", "parameters", "places", "signature")
"""What of the language every task carries."""

_TRAVELLING = ("milonga.components.", "milonga.pipelines.", "milonga.dsl.")
"""What of milonga travels when a task imports it, beside the runtime."""

_DOTS_MAX = 40
"""No module lies so deep; packages whose tables point at each other in a circle would lead on for ever."""


_Located = tuple[ProjectModule, Path]
"""A module, and the file that it was read from."""


@functools.lru_cache(maxsize=1)
def _installed_roots() -> tuple[Path, ...]:
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(Path(path).resolve() for path in paths if path)


def bundle_of(imports: Iterable[str], *, where: str) -> dict[str, str]:
    """The files of all project modules behind `imports`: path in the bundle → text.

    Raises:
        AuthoringError: E150 a module cannot be read, E152 the bundle is too large to travel inside the pipeline file.
    """
    found: dict[str, _Located] = {}
    lookup = _Lookup(where)
    todo = list(imports)
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen or name.count(".") > _DOTS_MAX:
            continue
        seen.add(name)
        located = list(lookup.along(name))
        todo.extend(_behind(name, [module for module, _ in located]))
        for module, file in located:
            if module.path not in found and module.path not in runtime_files():
                found[module.path] = (module, file)
                todo.extend(module.imports)
    files = {path: _travelling_text(path, module.text) for path, (module, _) in found.items()}
    for path, (module, file) in found.items():
        if path.endswith("/__init__.py"):
            inside = path.removesuffix("__init__.py")
            words = frozenset().union(*(other.words for at, (other, _) in found.items() if at.startswith(inside)))
            files.update(_data_files(module.name, file, words))
    _check_size(files, where)
    return dict(sorted(files.items()))


def _check_size(files: dict[str, str], where: str) -> None:
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


class _Lookup:
    """What was looked up for one bundle, so that each name costs the file system one question."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._located: dict[str, _Located | None] = {}
        self._strangers: set[str] = set()

    def along(self, name: str) -> Iterator[_Located]:
        """The modules that a dotted name leads through, the outermost package first: of `a.b.Name`, a and a.b."""
        parts = name.split(".")
        if parts[0] in self._strangers:
            return
        if not _project_root(parts[0]):
            self._strangers.add(parts[0])
            return
        for count in range(1, len(parts) + 1):
            path = ".".join(parts[:count])
            if path not in self._located:
                self._located[path] = self._find(path)
            located = self._located[path]
            if located is not None:
                yield located
                if not located[0].is_package:
                    return

    def _find(self, name: str) -> _Located | None:
        place = _project_file(name)
        if place is None or not _may_travel(name):
            return None
        try:
            return read_project_module(name, *place), place[1]
        except (OSError, ValueError, SyntaxError, RecursionError) as error:
            raise AuthoringError(
                "E150", f"the source of module '{name}' cannot be read: {error}", where=self._where, got=place[0]
            ) from None


def _behind(name: str, modules: list[ProjectModule]) -> Iterator[str]:
    """What stands behind `name` in packages that load their names on demand, as dotted names."""
    for module in modules:
        member, _, rest = name[len(module.name) + 1 :].partition(".")
        if not member or module.on_demand is None:
            continue
        is_module = _project_file(f"{module.name}.{member}") is not None
        if member in module.on_demand:
            target = module.on_demand[member]
            yield f"{target}.{rest}" if rest and not is_module else target
        elif not is_module and not member.startswith("__"):
            yield from module.on_demand.values()  # the table does not tell, or all is asked for


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


def _may_travel(name: str) -> bool:
    """Whether a project module is for tasks: of milonga's, most is not."""
    return not name.startswith("milonga.") or f"{name}.".startswith(_TRAVELLING)


def _project_file(name: str) -> tuple[str, Path] | None:
    """The file of a project module: (path in the bundle, file)."""
    top, _, rest = name.partition(".")
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
def _travelling_text(path: str, text: str) -> str:
    """What of a file travels: all of the author's, of milonga's own what a task can notice.

    One file has one text in all bundles, so that steps which share their code agree about it.
    """
    if not path.startswith("milonga/"):
        return text
    return {".py": compact, ".json": compact_json}.get(Path(path).suffix, str)(text)


def _data_files(package: str, init: Path, words: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Text files that lie in a package, and in its folders that are no packages: a module may read them.

    Of milonga's own packages only those whose name, or whose folder's, is among the `words` of a module that travels.
    """
    for path in sorted(init.parent.rglob("*")):
        inside = path.relative_to(init.parent)
        if path.suffix not in _DATA_SUFFIXES or any(
            (init.parent / part / "__init__.py").exists() for part in inside.parents[:-1]
        ):
            continue
        is_read = package.partition(".")[0] != "milonga" or not words.isdisjoint(inside.parts)
        if is_read and path.stat().st_size <= _DATA_BYTES_MAX:
            name = f"{package.replace('.', '/')}/{inside.as_posix()}"
            yield name, _travelling_text(name, path.read_text("utf-8"))


@functools.lru_cache(maxsize=1)
def runtime_files() -> dict[str, str]:
    """milonga's own modules that every task carries: path → source without docstrings and comments."""
    root = Path(__about__.__file__).parent
    names = ["__init__.py", "__about__.py", "errors.py", "dsl/__init__.py"]
    names += [f"dsl/{name}.py" for name in _CARRIED if name != "artifacts"]
    names += [f"dsl/artifacts/{path.name}" for path in sorted((root / "dsl" / "artifacts").glob("*.py"))]
    names += [f"runtime/{path.name}" for path in sorted((root / "runtime").glob("*.py")) if path.stem != "program"]
    return {f"milonga/{name}": compact((root / name).read_text("utf-8")) for name in names}


@functools.lru_cache(maxsize=1)
def packed_runtime() -> str:
    """The same as the text that goes into every container: packing takes longer than all else about a small step."""
    return pack(runtime_files())
