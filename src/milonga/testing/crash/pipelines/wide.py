"""A fan: many steps may run at the same time, and their results meet in a tree."""

import time

import milonga as ml
from milonga.testing.crash.ledger import note


@ml.component
def make(ledger: str, pause_s: float, label: str, number: int) -> int:
    """Take a while, then square."""
    time.sleep(pause_s)
    note(ledger, label)
    return number * number


@ml.component
def join(ledger: str, label: str, a: int, b: int, c: int, d: int) -> int:
    """The sum of four."""
    note(ledger, label)
    return a + b + c + d


@ml.pipeline(name="wide")
def pipeline(ledger: str, pause_s: float = 0.05) -> int:
    """Sixteen steps side by side, then four, then one."""
    made = [make.options(name=f"make-{it}")(ledger, pause_s, f"make-{it}", it) for it in range(16)]
    joined = [join.options(name=f"join-{it}")(ledger, f"join-{it}", *made[4 * it : 4 * it + 4]) for it in range(4)]
    return join.options(name="last")(ledger, "last", *joined)
