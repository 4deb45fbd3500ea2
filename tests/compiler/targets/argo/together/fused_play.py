"""Plays a pipeline with and without shared pods, and says what each has left in the bucket."""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paper_argo import PaperArgo, filled

from milonga.compiler.graph import Graph
from milonga.compiler.graph.together import Marks, with_marks
from milonga.compiler.passes.fusion import Fuse, require_together
from milonga.compiler.passes.fusion.fits import Fits
from milonga.compiler.targets.argo import ArgoTarget
from milonga.engine.pod.main import main
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.layout import run_prefix


class ForkedArgo(PaperArgo):
    """One whose pods are forks of this process: no Python starts, so that many can be played."""

    def _process(
        self, work: Mapping[str, Any], scope: Mapping[str, Any], place: Path, container: Mapping[str, Any]
    ) -> int:
        words = [filled(word, scope) for word in [*work["command"], *work.get("args", [])]]
        assert words[0] == "python3" and words[1].endswith("run.pyz"), words
        log = place / "log"
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                os.dup2(stream, 1)
                os.dup2(stream, 2)
                sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                os.chdir(place)
                variables = {item["name"]: filled(item.get("value", ""), scope) for item in work.get("env", [])}
                folders = {"CODE": self.code, "INPUTS": place / "in", "OUTPUTS": place / "out"}
                os.environ.update({**{f"MILONGA_{name}": str(path) for name, path in folders.items()}, **variables})
                code = main(words[2:])
            except SystemExit as ending:
                code = ending.code if isinstance(ending.code, int) else 1
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        self._run.log += log.read_text("utf-8", "replace")
        return os.waitstatus_to_exitcode(status)


@dataclass(frozen=True, slots=True)
class Played:
    """What a run has come to.

    Attributes:
        phase: Argo's.
        results: outputs of the pipeline.
        records: what each step has noted, by key; places on disks and ids apart.
        keys: all objects of the run, journals apart.
        pods: leaves and iterations of all pods.
        log: what they have written.
    """

    phase: str
    results: dict[str, Any]
    records: dict[str, Any]
    keys: frozenset[str]
    pods: Sequence[str]
    log: str


def played(
    graph: Graph, folder: Path, arguments: Mapping[str, Any] | None = None, *, kind: type[PaperArgo] = PaperArgo
) -> Played:
    """One run on a cluster of its own."""
    argo = kind(folder, ArgoTarget().emit(graph))
    run = argo.run(arguments or {})
    place = argo.bucket / run_prefix(argo.uid)
    files = [path for path in place.rglob("*") if path.is_file() and "/journal" not in str(path.relative_to(place))]
    keys = frozenset(str(path.relative_to(place)) for path in files)
    records = {key: _record(place / key) for key in keys if "/r/" in key or key.endswith("/r.tgz")}
    return Played(run.phase, argo.results(), records, keys, run.pods, run.log)


def _record(path: Path) -> Any:
    with tarfile.open(path) as archive:
        member = next(member for member in archive.getmembers() if member.name.endswith("record.json"))
        record = json.load(archive.extractfile(member) or io.BytesIO())
    for artifact in record["artifacts"].values():
        for entry in artifact["entries"]:
            entry["uri"] = entry["uri"] if "://" in entry["uri"] else ""
    return record


def partly_marked(graph: Graph, seed: int, *, then_fused: bool = False) -> tuple[Graph, Marks]:
    """The graph with random groups, all of them such as the compiler accepts."""
    chance, fits = random.Random(seed), Fits(graph)
    marks: dict[str, dict[str, str]] = {}
    for dag, component in graph.dags():
        tasks = dict((component.dag.tasks if component.dag is not None else None) or {})
        marks[dag] = {}
        for number in range(chance.randint(0, 3)):
            left = [name for name in tasks if name not in marks[dag]]
            members = [name for name in left if chance.random() < chance.choice((0.3, 0.7, 1.0))]
            if not members:
                continue
            try:
                require_together(f"g-{number}", members, tasks, fits, "")
            except UnsupportedByTarget:
                continue
            marks[dag].update(dict.fromkeys(members, f"g-{number}"))
    marked = with_marks(graph, marks)
    return (Fuse().run(marked) if then_fused else marked), marks


def assert_same(alone: Played, fused: Played, told: object = "") -> None:
    """The same outputs, and the same steps with the same results.

    What else has run besides a failed task is a matter of time, so only what both have is compared then.
    """
    assert fused.phase == alone.phase, (told, fused.pods, fused.log[-3000:])
    if alone.phase == "Succeeded":
        assert fused.results == alone.results, (told, fused.pods, fused.log[-3000:])
        assert fused.keys == alone.keys, (told, fused.keys ^ alone.keys)
        assert fused.records == alone.records, told
        return
    both = alone.records.keys() & fused.records.keys()
    assert {key: alone.records[key] for key in both} == {key: fused.records[key] for key in both}, told
