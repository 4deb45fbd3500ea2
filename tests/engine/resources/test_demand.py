"""What a step asks for, as Kubernetes reads it, and what becomes of it on a smaller machine."""

from __future__ import annotations

import pytest

from milonga.compiler.graph.executor import Accelerator, Resources
from milonga.engine.resources import Demand, Ledger, Machine, demand_of
from milonga.errors import RunError

GIB = 2**30


def demand(**fields: object) -> Demand:
    return demand_of(Resources(**fields), lambda text: text, "train")


def test_a_step_that_says_nothing_asks_for_nothing() -> None:
    assert demand_of(None, lambda text: text, "train") == Demand() == demand()


def test_a_limit_without_a_request_is_a_request_too() -> None:
    found = demand(resource_cpu_limit="1500m", resource_memory_limit="2Gi")
    assert found == Demand(1.5, 2 * GIB, 0, 1.5, 2 * GIB)


def test_a_request_is_set_aside_and_a_limit_is_kept_to() -> None:
    found = demand(resource_memory_request="1Gi", resource_memory_limit="4Gi", resource_cpu_request="2")
    assert found == Demand(2, GIB, 0, None, 4 * GIB)


def test_the_older_numbers_count_cores_and_billions_of_bytes() -> None:
    assert demand(cpu_limit=2.0, memory_limit=1.5) == Demand(2, 1_500_000_000, 0, 2, 1_500_000_000)


@pytest.mark.parametrize(
    ("accelerator", "count"),
    [
        (Accelerator(resource_type="nvidia.com/gpu", resource_count="2"), 2),
        (Accelerator(type="NVIDIA_TESLA_T4", count="1"), 1),
        (Accelerator(resource_count="3"), 3),
        (Accelerator(resource_type="cloud-tpus.google.com/v3", resource_count="8"), 0),
        (Accelerator(resource_type="amd.com/gpu", resource_count="1"), 0),
        (Accelerator(type="NVIDIA_H100_80GB", count=1), 1),
        (Accelerator(type="TPU_V4", count=4), 0),
    ],
)
def test_accelerators_are_counted_when_they_are_nvidia_s(accelerator: Accelerator, count: int) -> None:
    assert demand(accelerator=accelerator).gpus == count


@pytest.mark.parametrize("text", ["", "much", "-1", "1 Gi", "{{x}}", "1e999"])
def test_what_is_no_quantity_is_one_clear_error(text: str) -> None:
    resources = Resources(resource_memory_limit="{{$.inputs.parameters['memory']}}")
    with pytest.raises(RunError, match="E449") as caught:
        demand_of(resources, lambda _: text, "loop[3]/train")
    assert caught.value.where == "loop[3]/train" and "4Gi" in caught.value.expected


def test_what_is_more_than_the_machine_has_is_cut_and_named() -> None:
    asked = Demand(cpus=8, memory_bytes=64 * GIB, gpus=2, memory_limit_bytes=64 * GIB)
    fitting, cut = asked.fitted(Machine(2, 16 * GIB, ("0",)))
    assert (fitting.cpus, fitting.memory_bytes, fitting.gpus) == (2, 16 * GIB, 1)
    assert fitting.memory_limit_bytes == 64 * GIB  # a limit is no wish: it stays
    assert cut == ("8 cores of 2", "64 GiB of memory of 16 GiB", "2 GPU of 1")


def test_the_machine_is_measured_and_has_something() -> None:
    machine = Machine.measured()
    assert machine.cpus > 0 and machine.memory_bytes > 2**26


def test_visible_devices_are_those_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-8f1c ,5")
    assert Machine.measured().gpus == ("2", "GPU-8f1c", "5")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert Machine.measured().gpus == ()


def test_with_a_number_of_jobs_a_step_that_says_nothing_takes_no_core() -> None:
    ledger = Ledger(Machine(2, 8 * GIB), jobs=8)
    for holder in range(8):
        assert ledger.fits(Demand())
        ledger.take(holder, Demand())
    assert not ledger.fits(Demand())


def test_without_one_it_takes_a_core() -> None:
    ledger = Ledger(Machine(2, 8 * GIB), jobs=0)
    ledger.take(1, Demand())
    assert ledger.fits(Demand()) and not ledger.fits(Demand(cpus=1.5))
    ledger.take(2, Demand())
    assert not ledger.fits(Demand())
