"""Several engines on one store at once, for many seconds: no row is lost, nobody turned away, content kept once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from engine_bench import Bench

from milonga.engine.content import digest_path
from milonga.lineage import LineageStore

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


PROGRAM = """
    import sys, time
    import milonga as ml
    from milonga import Dataset, component, pipeline
    from milonga.engine.progress import Silent

    @component
    def make(index: int, salt: int) -> Dataset:
        made = Dataset.create()
        for part in range(3):
            (made.path / str(part)).write_text(str((index, part, salt % 3)) + "\\n" * 50)
        return made

    @component
    def read(data: Dataset, index: int) -> int:
        texts = [(data.path / str(part)).read_text() for part in range(3)]
        assert all(text.count("\\n") == 50 for text in texts)
        return index

    @pipeline(name="{name}")
    def flow(salt: int, width: int) -> list[int]:
        with ml.ParallelFor([0, 1, 2, 3, 4, 5, 6, 7]) as index:
            seen = read.options(cache=False)(make(index, salt), index)
        return ml.Collected(seen)

    if __name__ == "__main__":
        until, count = time.monotonic() + {seconds}, 0
        while time.monotonic() < until:
            result = ml.run(flow, {"salt": count, "width": 8}, home=sys.argv[1], jobs=2, progress=Silent())
            result.raise_for_state()
            assert result.outputs["Output"] == list(range(8))
            count += 1
        print(count)
"""


@pytest.mark.parametrize(
    "names", [["same"] * 4, ["one", "two", "three", "four"]], ids=["one pipeline", "four pipelines"]
)
def test_engines_that_share_a_store_for_a_while(tmp_path: Path, names: list[str]) -> None:
    home = tmp_path / "home"
    engines = []
    for number, name in enumerate(names):
        program = tmp_path / f"engine_{number}.py"
        program.write_text(textwrap.dedent(PROGRAM).replace("{name}", name).replace("{seconds}", "12"))
        words = [sys.executable, str(program), str(home)]
        engines.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    ends = [(engine, *engine.communicate(timeout=180)) for engine in engines]
    assert [engine.returncode for engine, _, _ in ends] == [0] * len(names), "\n".join(err for _, _, err in ends)
    runs = sum(int(out) for _, out, _ in ends)
    store = LineageStore(home / "lineage.sqlite")
    recorded = store.runs(limit=10_000)
    assert len(recorded) == runs >= len(names) and {run.state for run in recorded} == {"SUCCEEDED"}
    for run in recorded:
        steps = [task for task in store.tasks(run.id) if task.kind == "step"]
        assert len(steps) == 16 and {task.state for task in steps} == {"SUCCEEDED"}
    store.close()
    contents = list((home / "store").glob("*/*/*"))
    assert len(contents) == 8 * min(3, max(int(out) for _, out, _ in ends)), "equal content is kept once"
    assert all(digest_path(path).digest == path.parent.parent.name + path.parent.name for path in contents)
    assert sqlite3.connect(home / "lineage.sqlite").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_somebody_who_holds_the_store_makes_others_wait_and_not_fail(bench: Bench) -> None:
    bench.run(size=1)
    holder = sqlite3.connect(bench.home / "lineage.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    engine = bench.start_run(size=2)
    time.sleep(2)
    assert engine.poll() is None and len(bench.lines()) == 3
    holder.execute("COMMIT")
    holder.close()
    ended = bench.end(engine)
    assert (ended.code, ended.result["outputs"]) == (0, {"Output": 3})
