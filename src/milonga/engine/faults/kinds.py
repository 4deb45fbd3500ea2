"""The kinds of faults, by name, and how the text of one is read. A new kind is a file here and a line in `FAULTS`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from milonga.engine.faults.base import Fault
from milonga.engine.faults.corrupt import Corrupt
from milonga.engine.faults.crash import Crash
from milonga.engine.faults.delay import Delay
from milonga.engine.faults.fail import Fail
from milonga.engine.faults.full import Full
from milonga.engine.faults.kill import Kill
from milonga.engine.faults.lose import Lose
from milonga.engine.faults.oom import Oom
from milonga.engine.faults.spec import FaultSpec, wrong_spec

FAULTS: dict[str, type[Fault]] = {kind.name: kind for kind in (Kill, Oom, Fail, Delay, Lose, Corrupt, Full, Crash)}


def parse_faults(texts: Iterable[str]) -> tuple[Fault, ...]:
    """The faults that `texts`, such as "kill:train:2", ask for; the same text twice is one fault.

    Raises:
        UsageError: E965, one of them is not understood.
    """
    return tuple(_parse(text) for text in dict.fromkeys(texts))


def _parse(text: str) -> Fault:
    spec = FaultSpec.split(text)
    kind = FAULTS.get(spec.kind)
    if kind is None:
        near = difflib.get_close_matches(spec.kind, FAULTS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "as in kill:TASK, fail:TASK:2 or lose:TASK.OUTPUT"
        raise wrong_spec(text, f"there is no fault '{spec.kind}'", ", ".join(FAULTS), hint)
    return kind.read(spec)


__all__ = ["FAULTS", "parse_faults"]
