"""Columns of text on a terminal: as wide as their widest cell, numbers to the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milonga.cli.output import printable


def lines_of(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = (), *, is_titled: bool = True
) -> Iterator[str]:
    """The lines of a table. The last column takes what there is; a cell moves no cursor.

    Args:
        head: names of the columns; those that are empty in every row are left out.
        rows: as many cells each.
        right: names of columns whose cells stand to the right.
        is_titled: whether the names stand above the columns.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    used = [index for index in range(len(head)) if any(row[index] for row in cells)]
    shown = [head, *cells] if is_titled and cells else cells
    widths = {index: max(len(row[index]) for row in shown) for index in used}
    for row in shown:
        parts = [
            row[index].rjust(widths[index]) if head[index] in right else row[index].ljust(widths[index])
            for index in used
        ]
        yield "  ".join(parts).rstrip()
