import pytest

from milonga.components.contracts.compiled_model import CompiledCandidate
from milonga.components.contracts.device_profile import DeviceLimits
from milonga.components.device_compilation.candidates import Candidate
from milonga.components.device_compilation.selection import select_candidate
from milonga.components.device_compilation.timing import Timing
from milonga.errors import DeviceError, LimitNotMet


def candidate(
    name: str, *, p50_ms: float, p95_ms: float = 9.0, kib: int = 100, drop: float = 0.0, cpu_ms: float = 0.0
) -> Candidate:
    timing = Timing(p50_ms, p95_ms, cpu_ms or p50_ms, p95_ms, samples=50, threads=1)
    record = CompiledCandidate(
        name, "measured", size_bytes=kib << 10, p50_ms=p50_ms, p95_ms=p95_ms, samples=50, threads=1, accuracy_drop=drop
    )
    return Candidate(record, timing=timing)


def choose(*candidates: Candidate, **limits: float) -> str:
    chosen = select_candidate(candidates, limits=DeviceLimits(**limits), device="board")
    return chosen.record.artefact


def test_the_fastest_wins() -> None:
    assert choose(candidate("slow", p50_ms=2.0, kib=1), candidate("fast", p50_ms=1.0)) == "fast"


def test_within_ten_percent_the_smallest_wins() -> None:
    fast = candidate("fast", p50_ms=1.0, kib=400)
    assert choose(fast, candidate("small", p50_ms=1.09, kib=100)) == "small"
    assert choose(fast, candidate("small", p50_ms=1.11, kib=100)) == "fast"


def test_a_limit_goes_before_speed() -> None:
    fast = candidate("fast", p50_ms=1.0, p95_ms=1.2, kib=100, drop=0.05)
    exact = candidate("exact", p50_ms=3.0, p95_ms=3.3, kib=400)
    assert choose(fast, exact) == "fast"
    assert choose(fast, exact, accuracy_drop_max=0.01) == "exact"
    assert choose(fast, exact, latency_p95_ms=2.0) == "fast"


def test_a_drop_of_exactly_the_limit_is_allowed() -> None:
    assert choose(candidate("only", p50_ms=1.0, drop=0.91 - 0.9), accuracy_drop_max=0.01) == "only"


@pytest.mark.parametrize(
    ("limits", "code", "achieved"),
    [
        ({"latency_p95_ms": 0.5}, "E610", "p95 1.2 ms"),
        ({"size_mib": 0.01}, "E611", "0.09766 MiB"),
        ({"accuracy_drop_max": 0.0}, "E612", "accuracy drop 0.05"),
        ({"latency_p95_ms": 2.0, "accuracy_drop_max": 0.01}, "E613", "p95 3.3 ms"),
    ],
)
def test_a_missed_limit_is_a_typed_error_that_says_what_was_achieved(
    limits: dict[str, float], code: str, achieved: str
) -> None:
    fast = candidate("fast", p50_ms=1.0, p95_ms=1.2, drop=0.05)
    small = candidate("other", p50_ms=3.0, p95_ms=3.3, drop=0.0 if code == "E613" else 0.06)
    with pytest.raises(LimitNotMet) as caught:
        choose(fast, small, **limits)
    assert caught.value.code == code
    assert achieved in caught.value.got


def test_a_disturbed_measurement_is_ranked_by_cpu_time() -> None:
    disturbed = candidate("disturbed", p50_ms=2.0, cpu_ms=1.0)
    calm = candidate("calm", p50_ms=1.5, cpu_ms=1.4)
    assert choose(disturbed, calm) == "disturbed"


def test_nothing_measured_is_an_error_with_all_reasons() -> None:
    refused = Candidate(CompiledCandidate("int8", "refused", "no such kernel"))
    with pytest.raises(DeviceError) as caught:
        choose(refused)
    assert caught.value.code == "E651" and "no such kernel" in caught.value.got


def test_disturbance_is_wall_time_over_cpu_time_of_median_and_tail() -> None:
    assert not Timing(1.0, 2.0, 1.0, 2.0, samples=50, threads=1).is_noisy
    assert Timing(1.0, 8.0, 1.0, 2.0, samples=50, threads=1).is_noisy
    assert Timing(2.0, 2.2, 1.0, 2.0, samples=50, threads=1).is_noisy
    assert not Timing(1.0, 8.0, 1.9, 9.0, samples=50, threads=2).is_noisy
