"""What is measured, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NOISY = 1.3
"""Wall time over CPU time above which a single-threaded measurement was disturbed by other work."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """What to measure: the back end's name, the file, and the shape of one sample."""

    backend: str
    path: Path
    sample_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of one artefact for one sample, in milliseconds.

    Args:
        p50_ms: median wall time.
        p95_ms: 95th percentile of the wall time.
        cpu_p50_ms: median CPU time of the process, over all its threads.
        cpu_p95_ms: 95th percentile of the same.
        samples: timed calls.
        threads: threads that inference used.
    """

    p50_ms: float
    p95_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float
    samples: int
    threads: int

    @property
    def disturbance(self) -> float:
        """How much longer calls took than they computed: 1 undisturbed; known for one thread only, else 0."""
        if self.threads != 1:
            return 0.0
        pairs = ((self.p50_ms, self.cpu_p50_ms), (self.p95_ms, self.cpu_p95_ms))
        return max(wall / max(cpu, 1e-6) for wall, cpu in pairs)

    @property
    def is_noisy(self) -> bool:
        """Whether other work on the machine disturbed this measurement."""
        return self.disturbance > NOISY
