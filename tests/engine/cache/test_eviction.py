"""What goes when there is too much or it is too old, and what stays whatever the limit says."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from milonga.engine.cache.limits import Limits
from milonga.engine.cache.store_lock import StoreLock
from milonga.engine.home import Home
from milonga.engine.run_lock import locked
from milonga.errors import StoreError
from milonga.lineage import LineageStore


def test_what_was_not_used_for_longest_goes_first(folder) -> None:
    made = {text: folder.entry(text * 100, used_at) for text, used_at in (("a", 3.0), ("b", 1.0), ("c", 2.0))}
    evicted = folder.evict(Limits(max_bytes=200))
    assert not folder.has(made["b"]) and folder.has(made["c"]) and folder.has(made["a"])
    assert folder.keys() == {"a" * 100, "c" * 100}
    assert (evicted.size_bytes, evicted.left_bytes, len(evicted.keys)) == (100, 200, 1)
    assert folder.store.cache.contents_bytes() == 200


def test_a_use_makes_content_young_again(folder) -> None:
    old, new = folder.entry("old", 1.0), folder.entry("new", 2.0)
    folder.store.cache.add_hits({"key of old": 1}, 3.0)
    folder.evict(Limits(max_bytes=3))
    assert folder.has(old) and not folder.has(new)


def test_a_clock_that_was_set_back_makes_nothing_look_old(folder) -> None:
    old, new = folder.entry("old", 1.0), folder.entry("new", 2.0)
    folder.store.cache.add_hits({"key of new": 1}, 0.5)
    folder.evict(Limits(max_bytes=3))
    assert folder.has(new) and not folder.has(old)


def test_content_goes_with_every_entry_that_names_it(folder) -> None:
    folder.entry("same", 1.0, key="one")
    folder.entry("same", 2.0, key="two")
    assert len(folder.on_disk()) == 1
    folder.evict(Limits(max_bytes=0))
    assert folder.keys() == set() and folder.on_disk() == []


def test_entries_that_were_not_used_for_long_go_also_those_without_content(folder) -> None:
    folder.entry("young", 10.0)
    folder.entry("old", 1.0)
    folder.evict(Limits(unused_since=5.0))
    assert folder.keys() == {"young"} and len(folder.on_disk()) == 1


def test_without_limits_nothing_that_is_known_goes(folder) -> None:
    made = folder.entry("a", 1.0)
    assert folder.evict(Limits()).contents == () and folder.has(made)


# What stays ------------------------------------------------------------------------------------------------------


def test_outputs_of_runs_stay_until_they_are_let_go(folder) -> None:
    made = folder.entry("result", 1.0)
    folder.run("r1", output=made)
    evicted = folder.evict(Limits(everything=True))
    assert folder.has(made) and (evicted.needed_bytes, evicted.left_bytes) == (6, 6)
    assert folder.keys() == set(), "the entry may go, the content is the run's"
    folder.evict(Limits(everything=True, outputs_too=True))
    assert not folder.has(made)


def test_what_a_run_that_goes_on_has_touched_stays(folder) -> None:
    made = folder.entry("input", 1.0, run_id="r1")
    folder.run("r1", "RUNNING")
    folder.run("r2", "SUCCEEDED")  # newer, so that only the lock speaks for r1
    with locked(folder.home.run("r1")):
        folder.evict(Limits(everything=True, outputs_too=True))
        assert folder.has(made)
    folder.evict(Limits(everything=True, outputs_too=True))
    assert not folder.has(made)


def test_what_the_newest_run_would_be_resumed_with_stays(folder) -> None:
    made = folder.entry("half", 1.0, run_id="r1")
    folder.run("r1", "FAILED")
    folder.run("r2", pipeline="another")
    folder.evict(Limits(everything=True))
    assert folder.has(made)
    folder.run("r3", "SUCCEEDED")  # of the same pipeline: nobody resumes r1 now
    folder.evict(Limits(everything=True))
    assert not folder.has(made)


def test_stored_content_that_a_running_run_was_given_stays(folder) -> None:
    made = folder.entry("given", 1.0)
    folder.run("r2")
    record = folder.run("r1", "RUNNING")
    import dataclasses

    folder.store.put_run(dataclasses.replace(record, arguments={"data": made.uri, "lr": 0.1}))
    folder.store.commit()
    with locked(folder.home.run("r1")):
        folder.evict(Limits(everything=True))
    assert folder.has(made)


# What is left behind ---------------------------------------------------------------------------------------------


def test_content_of_a_killed_engine_is_found_and_removed(folder) -> None:
    orphan = folder.artifact("nobody has recorded this")
    known = folder.entry("known", 1.0)
    evicted = folder.evict(Limits())
    assert not folder.has(orphan) and folder.has(known)
    assert [content.digest for content in evicted.contents] == [orphan.digest] and evicted.size_bytes == 24


def test_rows_whose_files_are_gone_are_dropped(folder) -> None:
    import shutil

    made = folder.entry("gone", 1.0)
    folder.run("r1", output=made)
    shutil.rmtree(Path(made.uri).parent)
    folder.evict(Limits())
    assert folder.keys() == set() and folder.store.cache.contents() == []


def test_content_that_its_maker_has_closed_is_removed_as_well(folder) -> None:
    made = folder.entry("closed", 1.0)
    Path(made.uri).chmod(0o500)
    folder.evict(Limits(everything=True))
    assert folder.on_disk() == [] and not list(folder.home.content.glob(".*"))


def test_content_that_cannot_be_moved_is_named_and_its_entries_are_gone(folder) -> None:
    made = folder.entry("a", 1.0)
    (folder.home.content / ".trash").write_text("a file where a folder has to be")
    with pytest.raises(StoreError) as caught:
        folder.evict(Limits(everything=True))
    assert caught.value.code == "E427" and caught.value.where == str(Path(made.uri).parent)
    assert folder.keys() == set() and folder.has(made)
    (folder.home.content / ".trash").unlink()
    folder.evict(Limits(everything=True))
    assert not folder.has(made) and folder.store.cache.contents() == []


def test_an_empty_state_folder_has_nothing_to_evict(folder) -> None:
    assert folder.evict(Limits(everything=True)).size_bytes == 0
    assert not folder.home.content.exists()


# Several at once -------------------------------------------------------------------------------------------------


def test_nobody_evicts_while_an_engine_relies_on_content(folder) -> None:
    made, engine = folder.entry("a", 1.0), StoreLock(folder.home)
    engine.hold()
    with pytest.raises(StoreError) as caught:
        lock = StoreLock(folder.home)
        try:
            with lock.alone(0.05):
                raise AssertionError("not alone")
        finally:
            lock.close()
    assert caught.value.code == "E425" and caught.value.hint
    released = threading.Timer(0.2, engine.release)
    released.start()
    folder.evict(Limits(everything=True))  # waits
    released.join()
    engine.close()
    assert not folder.has(made)


EVICT = """
    import sys
    from pathlib import Path
    from milonga.engine.cache.eviction import Eviction
    from milonga.engine.cache.limits import Limits
    from milonga.engine.cache.store_lock import StoreLock
    from milonga.engine.home import Home
    from milonga.lineage import LineageStore

    home = Home(Path(sys.argv[1]))
    store = LineageStore(home.database)
    print("ready", flush=True)
    Eviction(store, home, StoreLock(home)).carry_out(Limits(max_bytes=200), thorough=True, patience_s=10)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_an_eviction_that_is_killed_leaves_no_entry_without_its_content(folder, tmp_path: Path, seed: int) -> None:
    for index in range(150):
        folder.entry(f"{index:04d}", float(index))
    script = tmp_path / "evict.py"
    script.write_text(textwrap.dedent(EVICT))
    evictor = subprocess.Popen([sys.executable, str(script), str(folder.home.root)], stdout=subprocess.PIPE)
    assert evictor.stdout is not None and evictor.stdout.readline() == b"ready\n"
    time.sleep(random.Random(seed).uniform(0, 0.04))
    os.kill(evictor.pid, signal.SIGKILL)
    evictor.communicate()
    for key in folder.store.cache.all_keys():
        entry = folder.store.cache.entry(key)
        assert folder.has(entry.output_artifacts["data"]), key
    folder.evict(Limits(max_bytes=200))  # the next one finishes
    assert len(folder.on_disk()) == len(folder.keys()) == 50 == len(folder.store.cache.contents())
    assert not list(folder.home.content.glob(".*"))


RACE = """
    import sys
    from milonga import Dataset, component, pipeline
    import milonga as ml
    from milonga.engine.progress import Silent

    @component
    def make(index: int) -> Dataset:
        made = Dataset.create_file()
        made.write_text(f"{index}" * 100)
        return made

    @component
    def check(data: Dataset, index: int) -> int:
        assert data.path.read_text() == f"{index}" * 100
        return index

    @pipeline
    def race() -> list[int]:
        with ml.ParallelFor(list(range(8))) as index:
            seen = check.options(cache=False)(make(index), index)
        return ml.Collected(seen)

    if __name__ == "__main__":
        for _ in range(6):
            result = ml.run(race, home=sys.argv[1], jobs=2, mode="in-process", progress=Silent()).raise_for_state()
            assert result.outputs["Output"] == list(range(8))
"""


@pytest.mark.slow
def test_engines_never_get_broken_inputs_while_somebody_clears_the_cache(tmp_path: Path, home: Path) -> None:
    script = tmp_path / "race.py"
    script.write_text(textwrap.dedent(RACE))
    engines = [
        subprocess.Popen([sys.executable, str(script), str(home)], stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    place, cleared = Home(home), 0
    while any(engine.poll() is None for engine in engines):
        if place.database.exists():
            from milonga.engine.cache.eviction import Eviction

            store, lock = LineageStore(place.database), StoreLock(place)
            evicted = Eviction(store, place, lock).carry_out(Limits(everything=True), thorough=True, patience_s=20)
            cleared += len(evicted.contents)
            lock.close()
            store.close()
    ends = [(engine.communicate()[1], engine.returncode) for engine in engines]
    assert [code for _, code in ends] == [0, 0], "\n".join(text for text, _ in ends)
    assert cleared, "nothing was evicted meanwhile"
