"""Who starts next: the longest way first, nobody kept out for ever."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from milonga.engine.resources import Demand, Ledger, Machine
from milonga.engine.resources.waiting_steps import WaitingSteps

MACHINE = Machine(cpus=4, memory_bytes=8 * 2**30, gpus=("0", "1"))


@dataclass(frozen=True)
class Step:
    name: str
    rank: float = 0.0
    demand: Demand = field(default_factory=Demand)


def queue_of(*steps: Step) -> WaitingSteps[Step]:
    queue: WaitingSteps[Step] = WaitingSteps()
    for step in steps:
        queue.push(step)
    return queue


def everything(queue: WaitingSteps[Step]) -> list[str]:
    names = []
    while (step := queue.pop(lambda demand: True)) is not None:
        names.append(step.name)
    return names


def test_the_step_with_the_longest_way_to_go_is_first() -> None:
    assert everything(queue_of(Step("short", 1), Step("long", 9), Step("middle", 5))) == ["long", "middle", "short"]


def test_of_equal_rank_who_came_first_is_first_whatever_it_asks_for() -> None:
    queue = queue_of(Step("a"), Step("b", demand=Demand(cpus=2)), Step("c"), Step("d", demand=Demand(gpus=1)))
    assert everything(queue) == ["a", "b", "c", "d"]


def test_a_step_that_does_not_fit_lets_others_pass() -> None:
    queue = queue_of(Step("wide", 9, Demand(cpus=4)), Step("narrow", 1, Demand(cpus=1)))
    assert queue.pop(lambda demand: demand.cpus <= 1) == Step("narrow", 1, Demand(cpus=1))


def test_a_step_that_was_passed_too_often_is_next() -> None:
    """Without this, a stream of small steps would keep a wide one waiting for the whole run."""
    wide = Step("wide", 99, Demand(cpus=4))
    queue = queue_of(wide, *(Step(f"narrow-{number}", 1, Demand(cpus=1)) for number in range(100)))
    started = 0
    while queue.pop(lambda demand: demand.cpus <= 1) is not None:
        started += 1
    assert 0 < started < 30 and len(queue) == 101 - started
    assert queue.pop(lambda demand: True) is wide


def test_steps_that_are_taken_back_come_in_the_order_in_which_they_were_pushed() -> None:
    queue = queue_of(Step("a", 1), Step("b", 5), Step("c", 3, Demand(cpus=2)), Step("kept", 9))
    taken = queue.take_back(lambda step: step.name != "kept")
    assert [step.name for step in taken] == ["a", "b", "c"] and everything(queue) == ["kept"]


demands = st.builds(
    Demand,
    cpus=st.sampled_from([0.0, 0.5, 1.0, 3.0, 4.0, 64.0]),
    memory_bytes=st.sampled_from([0, 2**30, 8 * 2**30, 2**40]),
    gpus=st.integers(0, 3),
)


@given(st.lists(demands, max_size=30), st.sampled_from([0, 1, 3]), st.randoms(use_true_random=False))
def test_whatever_is_asked_for_all_steps_start_and_nothing_is_given_twice(asked, jobs, chance) -> None:
    """Steps start when they fit and end at random: the machine is never overbooked, and the queue runs empty."""
    ledger = Ledger(MACHINE, jobs)
    queue = queue_of(*(Step(str(n), chance.random(), demand.fitted(MACHINE)[0]) for n, demand in enumerate(asked)))
    running: dict[int, tuple[Demand, tuple[str, ...]]] = {}
    started = 0
    while queue or running:
        while (step := queue.pop(ledger.fits)) is not None:
            started += 1
            limits = ledger.take(started, step.demand)
            running[started] = (step.demand, limits.gpus or ())
            devices = [device for _, own in running.values() for device in own]
            assert len(devices) == len(set(devices)) and set(devices) <= set(MACHINE.gpus)
            assert len(limits.gpus or ()) == step.demand.gpus
            assert sum(demand.cpus for demand, _ in running.values()) <= MACHINE.cpus
            assert sum(demand.memory_bytes for demand, _ in running.values()) <= MACHINE.memory_bytes
            assert not jobs or len(running) <= jobs
        assert running, "nothing runs, and what waits does not start"
        ended = chance.choice(sorted(running))
        ledger.give_back(ended)
        del running[ended]
    assert started == len(asked) and ledger.is_idle


def test_ten_thousand_kinds_of_demand_are_found_without_looking_at_all_of_them() -> None:
    looked_at = 0

    def fits(demand: Demand) -> bool:
        nonlocal looked_at
        looked_at += 1
        return demand.memory_bytes % 50 == 0

    queue = queue_of(*(Step(str(n), n % 97, Demand(memory_bytes=n)) for n in range(10_000)))
    while queue.pop(fits) is not None:
        pass
    assert looked_at < 30_000 and len(queue) < 10_000
