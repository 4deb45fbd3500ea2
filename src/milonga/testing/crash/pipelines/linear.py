"""A chain: at every moment one step runs, and all after it wait."""

import time

import milonga as ml
from milonga.testing.crash.ledger import note


@ml.component
def step(ledger: str, pause_s: float, label: str, value: int) -> int:
    """Take a while, then add one."""
    time.sleep(pause_s)
    note(ledger, label)
    return value + 1


@ml.pipeline(name="linear")
def pipeline(ledger: str, pause_s: float = 0.03) -> int:
    """Twenty steps, one after the other."""
    value = step.options(name="step-1")(ledger, pause_s, "step-1", 0)
    for number in range(2, 21):
        value = step.options(name=f"step-{number}")(ledger, pause_s, f"step-{number}", value)
    return value
