"""What can be said about one task in one line: the unit of comparison."""

from __future__ import annotations

from dataclasses import dataclass, field

from milonga.compiler.diff.naming import Naming
from milonga.compiler.diff.programs import Program, read_program
from milonga.compiler.diff.texts import syntax_of
from milonga.compiler.diff.tree import Node
from milonga.compiler.graph import Container


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so.

    Attributes:
        family: key of `kinds.FAMILIES`.
        what: of what, for people.
        value: equal for equal meaning.
        shown: the same as the author would write it.
        key: what identifies the fact within its family; `what` unless it says otherwise.
        owner: (family, key) of the fact that this one is about, such as the input of a default. A fact is compared
            only where its owner stands on both sides: the default of a new input is no change of its own.
    """

    family: str
    what: str
    value: str
    shown: str
    key: str = ""
    owner: tuple[str, str] | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """Facts of two tasks with the same identity are compared."""
        return self.family, self.key or self.what

    @property
    def code_meaning(self) -> str:
        """`value`; of Python text without comments and layout."""
        is_python = self.family == "code" or (self.family == "module" and self.what.endswith(".py"))
        return syntax_of(self.value) if is_python else self.value


def plain(family: str, what: str, text: str, owner: tuple[str, str] | None = None) -> Fact:
    """A fact whose text says all."""
    return Fact(family, what, text, text, owner=owner)


@dataclass(frozen=True, slots=True)
class Reading:
    """How facts of one graph are read in one comparison.

    Attributes:
        compared: spells sources so that both sides spell the same task alike.
        shown: spells them for people.
        programs: programs by the identity of their container, so that a shared one is unpacked once. A container is
            kept beside its program, which keeps its identity its own.
    """

    compared: Naming
    shown: Naming
    programs: dict[int, tuple[Container, Program | None]] = field(default_factory=dict)

    def program(self, node: Node) -> Program | None:
        """The function that the container of `node` carries."""
        container = node.executor.container if node.executor is not None else None
        if container is None:
            return None
        known = self.programs.get(id(container))
        if known is None:
            known = self.programs[id(container)] = (container, read_program(container))
        return known[1]

    def filled(self, family: str, what: str, node: Node, text: str) -> Fact:
        """A fact whose text may hold placeholders."""
        return Fact(family, what, self.compared.filled(node, text), self.shown.filled(node, text))
