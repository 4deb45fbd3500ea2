"""A construct: something that a pipeline may use and that a back end may or may not be able to do.

Constructs are the rows of the capability tables. A finder is stateless, sees one DAG of a graph at a time, and yields
each place that uses the construct; it never raises on a strange graph. A construct's name is stable: findings, tables
and docs are keyed by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from milonga.compiler.scope import Scope


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One use of a construct.

    Attributes:
        task: name of the task in the DAG; "" for the DAG itself.
        detail: what exactly, as a message may show it ("memory 4Gi"); never a secret's value.
    """

    task: str = ""
    detail: str = ""


Finder = Callable[[Scope], Iterator[Occurrence]]


@dataclass(frozen=True, slots=True)
class Construct:
    """One row of the capability tables.

    Attributes:
        name: stable, in kebab case.
        title: what it is, as a noun phrase.
        find: where a DAG uses it.
        group: the heading that it stands under in the table.
    """

    name: str
    title: str
    find: Finder
    group: str = ""


def tasks_where(test: Callable[[Scope, str], str | bool]) -> Finder:
    """A finder over tasks: `test` gives a detail, or true or false."""

    def find(scope: Scope) -> Iterator[Occurrence]:
        for name in scope.tasks:
            found = test(scope, name)
            if found:
                yield Occurrence(name, found if isinstance(found, str) else "")

    return find
