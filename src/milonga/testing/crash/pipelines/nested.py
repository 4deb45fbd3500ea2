"""Loops inside of a loop, their results collected: many iterations are instantiated, and few have started."""

import time

import milonga as ml
from milonga.testing.crash.ledger import note


@ml.component
def rows(ledger: str) -> list[int]:
    """What the outer loop goes over."""
    note(ledger, "rows")
    return [0, 1, 2, 3]


@ml.component
def columns(ledger: str, row: int) -> list[int]:
    """What the inner loop goes over; the last row is empty."""
    note(ledger, f"columns {row}")
    return list(range(3 - row))


@ml.component
def cell(ledger: str, pause_s: float, row: int, column: int) -> int:
    """Take a while, then multiply."""
    time.sleep(pause_s)
    note(ledger, f"cell {row} {column}")
    return (row + 1) * (column + 1)


@ml.component
def add_row(ledger: str, row: int, cells: list[int]) -> int:
    """The sum of one row."""
    note(ledger, f"add-row {row}")
    return sum(cells)


@ml.component
def add_all(ledger: str, sums: list[int], cells: list[list[int]]) -> list[int]:
    """The sum over everything, twice."""
    note(ledger, "add-all")
    return [sum(sums), sum(sum(row) for row in cells)]


@ml.pipeline(name="nested")
def pipeline(ledger: str, pause_s: float = 0.06) -> list[int]:
    """Four rows of three columns and fewer."""
    with ml.ParallelFor(rows(ledger)) as row:
        with ml.ParallelFor(columns(ledger, row)) as column:
            made = cell(ledger, pause_s, row, column)
        added = add_row(ledger, row, ml.Collected(made))
    return add_all(ledger, ml.Collected(added), ml.Collected(ml.Collected(made)))
