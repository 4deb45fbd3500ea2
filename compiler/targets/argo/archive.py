"""Code and recipes of a pipeline, and the program of every pod, as two archives that ConfigMaps carry."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from milonga import __about__
from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.recipe_texts import StepRecipe
from milonga.compiler.targets.argo.together.group_recipe import GroupRecipe
from milonga.compiler.trace.compaction import compact
from milonga.compiler.trace.modules import runtime_files
from milonga.runtime.argo.packing import packed

_LONG_TEXT = 400
"""Texts of commands from this length on are kept once, however many steps have them."""

_MOMENT = (1980, 1, 1, 0, 0, 0)
"""An archive of the same files is the same bytes."""

_POD_MODULES = (
    *("engine/__init__.py", "engine/json_values.py", "engine/placeholders.py", "engine/executor_output.py"),
    *(
        "runtime/argo/__init__.py",
        "runtime/argo/claims.py",
        "runtime/argo/layout.py",
        "runtime/argo/packing.py",
        "runtime/argo/text.py",
        "compiler/__init__.py",
    ),
)
_POD_FOLDERS = ("engine/pod", "engine/pod/together", "engine/recipes", "compiler/cel")
_START = "import sys\nfrom milonga.engine.pod.main import main\nsys.exit(main(sys.argv[1:]))\n"


def pipeline_archive(
    graph: Graph,
    labels: Iterable[str],
    recipes: Iterable[StepRecipe],
    groups: Iterable[GroupRecipe],
    layout: Mapping[str, Any],
) -> bytes:
    """What pods of this pipeline, and whoever shows its runs, read: each long text of a command stands there once.

    Args:
        graph: the pipeline.
        labels: executors whose commands run in pods.
        recipes: of its steps.
        groups: of its groups of tasks that share a pod.
        layout: of its runs.
    """
    texts: dict[str, str] = {}
    executors: dict[str, Any] = {}
    for label in sorted(labels):
        container = graph.executors[label].container
        executors[label] = {
            "command": [_kept(word, texts) for word in (container.command if container else None) or ()],
            "args": [_kept(word, texts) for word in (container.args if container else None) or ()],
        }
    together = {group.leaf: group.body for group in groups}
    return packed(
        {
            "recipes": {recipe.leaf: recipe.body for recipe in recipes},
            "executors": executors,
            "texts": texts,
            "layout": layout,
            **({"together": together} if together else {}),
        }
    )


def _kept(word: str, texts: dict[str, str]) -> Any:
    if len(word) < _LONG_TEXT:
        return word
    name = hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    texts[name] = word
    return {"text": name}


@functools.lru_cache(maxsize=1)
def program_archive() -> bytes:
    """The program in each pod: a zip file that Python runs, the same for all pipelines of this version of milonga."""
    root = Path(__about__.__file__).parent
    top = {"compiler": Path(__file__).parents[2]}
    names = [*_POD_MODULES]
    for folder in _POD_FOLDERS:
        place = _place(root, top, folder)
        names += [f"{folder}/{path.name}" for path in sorted(place.glob("*.py"))]
    files = {f"milonga/{name}": compact(_place(root, top, name).read_text("utf-8")) for name in names}
    return _zipped({**runtime_files(), **files, "__main__.py": _START})


def _place(root: Path, top: Mapping[str, Path], name: str) -> Path:
    first, _, rest = name.partition("/")
    return top[first] / rest if first in top else root / name


def _zipped(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode("utf-8", "surrogatepass"))
    return stream.getvalue()


def digest(content: bytes) -> str:
    """Ten hexadecimal digits that stand for a content in the name of an object."""
    return hashlib.sha256(content).hexdigest()[:10]
