"""The two sides of `milonga diff`: pipelines or recorded runs, each read without a trace of the other."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import pickle
from dataclasses import dataclass
from pathlib import Path

from milonga.cli.sources import load_source
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.engine.home import Home
from milonga.engine.run_folder import pipeline_file
from milonga.errors import UsageError
from milonga.lineage.comparison import RecordedRun
from milonga.lineage.selection import NEWEST, recorded_runs, run_named


@dataclass(frozen=True, slots=True)
class Side:
    """What one argument names.

    Attributes:
        name: as the user wrote it; the whole id of a run.
        run: None for a pipeline.
    """

    name: str
    graph: Graph
    run: RecordedRun | None = None


def sides_named(before: str, after: str) -> tuple[Side, Side]:
    """Both sides.

    Two Python files may be two versions of one project, with modules of the same names. Python keeps one module a
    name, so the first of two is read in a process of its own.

    Raises:
        UsageError: E905 no such run, E953 several begin so, E940 its pipeline is gone, E942 a file that ends Python.
        MilongaError: what `load_source` raises.
    """
    if _is_python(before) and _is_python(after):
        return Side(before, _graph_read_elsewhere(before)), side_named(after)
    return side_named(before), side_named(after)


def side_named(name: str) -> Side:
    """The pipeline or the run of that name."""
    if (name == NEWEST or name[:8].isdigit()) and not Path(name).exists():
        run = _recorded(name)
        return Side(run.run.id, run.graph, run)
    return Side(name, load_source(name).graph)


def _recorded(name: str) -> RecordedRun:
    home = Home.default()
    with recorded_runs(home.database, name) as store:  # looking makes nothing
        record = run_named(store, name)
        tasks = tuple(store.tasks(record.id))
    file = pipeline_file(home.run(record.id))
    if not file.is_file():
        raise UsageError("E940", f"the pipeline of run '{record.id}' is gone", where=str(file))
    return RecordedRun(record, tasks, load_graph(file))


def _is_python(name: str) -> bool:
    file, _, attribute = name.rpartition(":")
    path = Path(file) if file and "/" not in attribute else Path(name)
    return path.suffix == ".py" or path.is_dir()


def _graph_read_elsewhere(name: str) -> Graph:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return Graph.from_documents(pool.submit(_documents, name).result())
        except (concurrent.futures.process.BrokenProcessPool, pickle.PicklingError) as error:
            raise UsageError("E942", f"reading {name} ended Python: {error}") from None


def _documents(name: str) -> tuple[object, ...]:
    return load_source(name).graph.to_documents()
