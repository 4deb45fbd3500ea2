"""Whether very large pipelines finish, and what they take: a loop of 10 000 iterations, a chain of 10 000 steps."""

from __future__ import annotations

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, Runs, Sample, interleave

TASKS = 10_000
PEER_TASKS = 200
MEMORY = Bar(500)
SHAPES = ("loop", "linear")
MODES = ("in-process", "isolated")
PEERS = {
    "kfp": "kfp.local",
    "metaflow": "Metaflow",
    "flytekit": "flytekit",
    "dagster": "Dagster, in-process",
    "prefect": "Prefect",
}


def loops(*, quick: bool = False) -> list[Figure]:
    """Ours in full, once; of the peers as much as ends within minutes, by the step."""
    tasks, peer_tasks = (TASKS // 10, PEER_TASKS // 10) if quick else (TASKS, PEER_TASKS)
    ours = interleave(
        {
            f"{shape} of {tasks}, {mode}": Case(
                "milonga", "milonga_large", {"tasks": tasks, "shape": shape, "mode": mode}
            )
            for mode in MODES
            for shape in SHAPES
        },
        repeats=1,
    )
    figures = [figure for what, found in ours.items() for figure in _figures(what, found, tasks)]
    few = peer_tasks // 10
    peers = interleave(
        {
            f"{tool} {shape} {size}": Case(tool, f"{tool}_run", {"tasks": size, "shape": shape})
            for tool in PEERS
            for shape in SHAPES
            for size in (few, peer_tasks)
        },
        repeats=1,
    )
    for tool, name in PEERS.items():
        for shape in SHAPES:
            small, large = (peers[f"{tool} {shape} {size}"] for size in (few, peer_tasks))
            figures += _peer_figures(f"{shape} of {peer_tasks}", name, small, large, peer_tasks - few, tasks)
    return figures


def _peer_figures(what: str, name: str, small: Runs, large: Runs, more: int, tasks: int) -> list[Figure]:
    """What each further step of a peer takes, and what that would come to."""
    failure = small.failure or large.failure
    cpu_s, wall_s = (
        None if failure else (large.median(read) or 0.0) - (small.median(read) or 0.0) for read in (_cpu_s, _wall_s)
    )
    far = f"; at this pace {tasks} take {wall_s / more * tasks / 60:.0f} min" if wall_s and wall_s > 0 else ""
    note = failure or f"(larger - smaller) / {more} extra tasks{far}"
    peak = ratio(large.median(lambda sample: sample.peak_bytes), 1e6)
    return [
        Figure(f"{what}: CPU", name, ratio(cpu_s, more / 1000), "CPU ms/task", note=note),
        Figure(f"{what}: memory", name, peak, "MB", note="its largest process"),
    ]


def _cpu_s(sample: Sample) -> float:
    return sample.cpu_s


def _wall_s(sample: Sample) -> float:
    return sample.wall_s


def _figures(what: str, found: Runs, tasks: int) -> list[Figure]:
    failure = found.failure
    whole = Bar(tasks, at_least=True)
    children = found.reported("children_bytes")
    figures = [
        Figure(f"{what}: steps succeeded", "milonga", found.reported("steps"), "", whole, failure),
        Figure(
            f"{what}: CPU", "milonga", ratio(found.median(), tasks / 1000), "CPU ms/task", note="whole process tree"
        ),
        Figure(f"{what}: wall", "milonga", found.median(lambda sample: sample.wall_s), "s (wall)"),
        Figure(f"{what}: engine", "milonga", _megabytes(found.reported("engine_bytes")), "MB", MEMORY, "at its peak"),
    ]
    if children:
        note = "at its peak; attempts are forked from it"
        figures.append(Figure(f"{what}: zygote", "milonga", _megabytes(children), "MB", MEMORY, note))
        largest = _megabytes(found.reported("worker_bytes"))
        figures.append(Figure(f"{what}: worker", "milonga", largest, "MB", note="the largest of all"))
    return figures


def _megabytes(size_bytes: float | None) -> float | None:
    return ratio(size_bytes, 1e6)
