"""The Python function that a container carries: milonga's and kfp's ways of putting one into a command.

What the function is (source, packages, modules) is told apart from what carries it (milonga's packed runtime and
loader, kfp's launcher script and version), so that a newer milonga or kfp does not look like new code.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from milonga.compiler.graph import Container
from milonga.runtime.program import from_container, is_milonga_command, unpack

_LAUNCHER = re.compile(r"kfp\.(?:v2\.)?(?:dsl|components)\.executor_main")
_EPHEMERAL = "ephemeral_component.py"
_INSTALL = re.compile(r"pip install((?:\s+(?:'[^']*'|\"[^\"]*\"|[^\s'\"&|;]+))*)")
_WORD = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\s'\"]+)")
_KFP = re.compile(r"kfp(?:\[[^\]]*\])?(?:\s*(?:[=<>!~@]).*)?|(?:git\+)?\S*kfp\S*#\S*subdirectory=sdk\S*")
_INDEX_FLAGS = ("--index-url", "-i", "--extra-index-url", "--trusted-host", "--find-links", "-f")
_HEADER = frozenset(("import kfp", "from kfp import dsl", "from kfp.dsl import *", "from typing import *"))
"""What kfp's compiler writes above every function; which of these depends on its version."""


@dataclass(frozen=True, slots=True)
class Program:
    """A function in a container.

    Attributes:
        language: "milonga" or "kfp": who carries it.
        packages: requirements that are installed when it starts, without kfp itself.
        indexes: from where they are installed, as flags of pip.
        modules: project modules that travel with it: path → text.
        extra: arguments of the container that belong to neither.
        runtime: everything that carries the function, as one text.
        version: the version of it, as far as it says.
    """

    language: str
    function: str
    source: str
    packages: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    runtime: str = ""
    version: str = ""

    @property
    def nameless_source(self) -> str:
        """The source without the name of the function, which may be another while everything else is the same."""
        return re.sub(rf"(?m)^((?:async )?def ){re.escape(self.function)}(?=\()", r"\1_", self.source)

    @property
    def runtime_label(self) -> str:
        """The version, and some digits that are others for another runtime of the same version."""
        digits = hashlib.sha256(self.runtime.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"{self.version or 'unknown version'} ({digits})"


def read_program(container: Container) -> Program | None:
    """The function that `container` carries; None when it is a container of its own kind, or damaged."""
    for reader in READERS:
        program = reader(container)
        if program is not None:
            return program
    return None


def _milonga_program(container: Container) -> Program | None:
    command, arguments = container.command or (), container.args or ()
    if not is_milonga_command(command) or not arguments:
        return None
    try:
        program = from_container(command, arguments)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        return None
    return Program(
        "milonga",
        program.function,
        program.source,
        packages=program.packages,
        modules=program.modules,
        runtime="\0".join((*command, arguments[0])),
        version=_milonga_version(arguments[0]),
    )


def _milonga_version(packed: str) -> str:
    try:
        about = unpack(packed).get("milonga/__about__.py", "")
    except (ValueError, AttributeError, zlib.error):
        return ""
    found = re.search(r"__version__\s*=\s*['\"]([^'\"]+)", about)
    return found[1] if found is not None else ""


def _kfp_program(container: Container) -> Program | None:
    command, arguments = list(container.command or ()), list(container.args or ())
    position = next(
        (index for index, part in enumerate(command[:-1]) if _EPHEMERAL in part and _LAUNCHER.search(part)), None
    )
    if position is None or "--function_to_execute" not in arguments[:-1]:
        return None
    source = command.pop(position + 1)
    function, rest = _taken(arguments)
    installs = [_Install.of(found[1]) for part in command for found in _INSTALL.finditer(part)]
    carried = [word for install in installs for word in install.carried]
    return Program(
        "kfp",
        function,
        _without_header(source),
        packages=tuple(dict.fromkeys(word for install in installs for word in install.packages)),
        indexes=tuple(dict.fromkeys(word for install in installs for word in install.indexes)),
        extra=rest,
        runtime="\0".join([*carried, *map(_without_installs, command)]),
        version=next((word for word in carried if _KFP.fullmatch(word)), "").removeprefix("kfp=="),
    )


def _taken(arguments: list[str]) -> tuple[str, tuple[str, ...]]:
    """The function's name, and what is left of the arguments without what kfp always gives."""
    left, function, index = [], "", 0
    while index < len(arguments):
        if arguments[index] == "--function_to_execute" and index + 1 < len(arguments):
            function = arguments[index + 1]
            index += 2
        elif arguments[index : index + 2] == ["--executor_input", "{{$}}"]:
            index += 2
        else:
            left.append(arguments[index])
            index += 1
    return function, tuple(left)


@dataclass(frozen=True, slots=True)
class _Install:
    """One `pip install` of a launcher script: the author's packages, where to find them, and what kfp itself needs."""

    packages: tuple[str, ...]
    indexes: tuple[str, ...]
    carried: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> _Install:
        words = [next(part for part in found.groups() if part is not None) for found in _WORD.finditer(text)]
        indexes = [f"{flag} {word}" for flag, word in itertools.pairwise(words) if flag in _INDEX_FLAGS]
        wanted = [
            word
            for flag, word in zip(["", *words], words, strict=False)
            if not word.startswith("-") and flag not in _INDEX_FLAGS
        ]
        own = [word for word in wanted if _KFP.fullmatch(word)]
        if own and "--no-deps" in words:  # kfp's own line: it names its dependencies as well
            return cls((), tuple(indexes), tuple(wanted))
        return cls(tuple(word for word in wanted if word not in own), tuple(indexes), tuple(own))


def _without_installs(script: str) -> str:
    """A launcher script without its `pip install` commands, blanks made equal."""
    parts = [part for line in script.splitlines() for part in re.split(r"&&|\|\|", line) if "pip install" not in part]
    return " ".join(" ".join(parts).split())


def _without_header(source: str) -> str:
    lines = source.strip("\n").split("\n")
    start = 0
    while start < len(lines) and (not lines[start].strip() or lines[start].strip() in _HEADER):
        start += 1
    return "\n".join(lines[start:]).rstrip() + "\n"


READERS: tuple[Callable[[Container], Program | None], ...] = (_milonga_program, _kfp_program)
