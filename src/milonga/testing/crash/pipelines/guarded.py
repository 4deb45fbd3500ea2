"""An exit handler around steps that fail at first and are repeated after a pause."""

import time
from pathlib import Path

import milonga as ml
from milonga.testing.crash.ledger import note


@ml.component
def flaky(ledger: str, pause_s: float, label: str, value: int) -> int:
    """Fail the first time; a mark beside the ledger says that there was one."""
    mark = Path(f"{ledger}.{label}")
    time.sleep(pause_s)
    if not mark.exists():
        mark.touch()
        raise OSError("not yet")
    note(ledger, label)
    return value + 1


@ml.component
def add(ledger: str, left: int, right: int) -> int:
    """What both chains came to."""
    note(ledger, "add")
    return left + right


@ml.component
def goodbye(ledger: str, status: ml.TaskFinalStatus) -> None:
    """Write down how it ended. After a failure that a resumed run mends, it runs once more, on another status."""
    Path(f"{ledger}.status").write_text(status.state)
    note(ledger, "goodbye")


@ml.pipeline(name="guarded")
def pipeline(ledger: str, pause_s: float = 0.03) -> int:
    """Two chains of four steps, each of which fails once, and the exit task."""
    with ml.ExitHandler(goodbye, ledger, status=ml.TaskFinalStatus()):
        ends = []
        for chain in ("left", "right"):
            value = 0
            for number in range(4):
                label = f"{chain}-{number}"
                value = flaky.options(name=label, retries=2, backoff_s=0.02)(ledger, pause_s, label, value)
            ends.append(value)
        total = add(ledger, ends[0], ends[1])
    return total
