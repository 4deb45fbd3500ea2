"""Chooses an artefact: hard limits first, then the fastest measured one, and of equally fast ones the smallest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from milonga.components.contracts.compiled_model import CompiledCandidate
from milonga.components.contracts.device_profile import DeviceLimits
from milonga.components.device_compilation.candidates import Candidate
from milonga.errors import DeviceError, LimitNotMet

TIE = 1.10
"""Candidates within 10 % of the fastest are equally fast: a measurement on a shared machine does not say more."""
MIB = 1 << 20


def select_candidate(candidates: Sequence[Candidate], *, limits: DeviceLimits, device: str) -> Candidate:
    """The candidate to ship.

    Raises:
        DeviceError: E651, nothing could be measured.
        LimitNotMet: E610 (latency), E611 (size), E612 (accuracy) when no candidate keeps that limit, E613 when each
            limit is kept by some candidate and all limits by none. The error lists what was achieved.
    """
    measured = [item for item in candidates if item.record.status == "measured"]
    if not measured:
        reasons = "; ".join(f"{item.record.artefact}: {item.record.reason}" for item in candidates)
        raise DeviceError("E651", f"no artefact for '{device}' could be measured", got=reasons)
    fit = [item for item in measured if all(keeps(item.record) for _, _, keeps in checks(limits))]
    if not fit:
        raise _missed([item.record for item in measured], limits, device)
    return fastest(fit)


def fastest(candidates: Sequence[Candidate]) -> Candidate:
    """The smallest of those within `TIE` of the fastest; `candidates` must all be measured, one at least.

    Ranked by median wall time, or by median CPU time of all where one was disturbed by other work.
    """
    noisy = any(item.timing is not None and item.timing.is_noisy for item in candidates)
    times = [_time(item, cpu=noisy) for item in candidates]
    tied = [item for item, time in zip(candidates, times, strict=True) if time <= min(times) * TIE]
    return min(tied, key=lambda item: (item.record.size_bytes or 0, _time(item, cpu=noisy)))


def checks(limits: DeviceLimits) -> list[tuple[str, str, Callable[[CompiledCandidate], bool]]]:
    """Error code, wording and test of each limit that is set."""
    found: list[tuple[str, str, Callable[[CompiledCandidate], bool]]] = []
    latency, size, drop = limits.latency_p95_ms, limits.size_mib, limits.accuracy_drop_max
    if latency is not None:
        text = f"p95 latency of at most {latency:g} ms"
        found.append(("E610", text, lambda record: record.p95_ms is not None and record.p95_ms <= latency))
    if size is not None:
        text = f"size of at most {size:g} MiB"
        found.append(("E611", text, lambda record: record.size_bytes is not None and record.size_bytes <= size * MIB))
    if drop is not None:
        text = f"accuracy drop of at most {drop:g}"
        # A drop of exactly the limit is a difference of two quotients, and may be above it by rounding alone.
        found.append(("E612", text, lambda record: record.accuracy_drop is None or record.accuracy_drop <= drop + 1e-9))
    return found


def achieved(record: CompiledCandidate) -> str:
    """What a measured candidate achieved, in words."""
    text = f"{record.artefact}: p95 {record.p95_ms or 0:.4g} ms, {(record.size_bytes or 0) / MIB:.4g} MiB"
    if record.accuracy_drop is not None:
        text += f", accuracy drop {record.accuracy_drop:.4g}"
    return f"{text} ({record.reason})" if record.reason else text


def _missed(records: list[CompiledCandidate], limits: DeviceLimits, device: str) -> LimitNotMet:
    got = "; ".join(achieved(record) for record in records)
    for code, text, keeps in checks(limits):
        if not any(keeps(record) for record in records):
            hint = "train a smaller level, or raise the limit"
            return LimitNotMet(
                code, f"no artefact for '{device}' keeps the {text.split(' of ')[0]}", got=got, expected=text, hint=hint
            )
    expected = ", ".join(text for _, text, _ in checks(limits))
    message = f"no single artefact for '{device}' keeps all limits"
    return LimitNotMet("E613", message, got=got, expected=expected, hint="train a smaller level, or raise a limit")


def _time(candidate: Candidate, *, cpu: bool) -> float:
    timing = candidate.timing
    if timing is None:
        raise DeviceError("E651", f"'{candidate.record.artefact}' was not measured")
    return timing.cpu_p50_ms if cpu and timing.threads == 1 else timing.p50_ms
