r"""Regular expressions for `matches`: a subset of RE2's syntax, matched in time linear in the text.

Python's `re` is not used: it backtracks, so a value could hold up a pipeline for ever, and it reads `$`, `\d` and
`\s` differently from RE2. A pattern becomes a program for a set of threads that step through the text together
(Thompson 1968; https://swtch.com/~rsc/regexp/regexp2.html).

Supported: literals, `.`, classes, `\d \w \s \D \W \S \b \B \A \z`, `^ $`, groups, `|`, `* + ? {n} {n,} {n,m}` (a
trailing `?` changes nothing about whether there is a match) and the flags `i`, `m` and `s`. Anything else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from milonga.compiler.cel.pattern_syntax import parse_pattern
from milonga.compiler.cel.pattern_tree import Alternatives, CharacterSet, Edge, PatternNode, Repeat, Sequence
from milonga.compiler.cel.values import EvaluationError

PROGRAM_MAX: Final = 5000
WORK_MAX: Final = 5_000_000  # a second or two


@dataclass(frozen=True, slots=True)
class _Split:
    """Go on at both places."""

    first: int
    second: int


_Instruction = CharacterSet | Edge | _Split


def matches(text: str, pattern: str) -> bool:
    """Whether `pattern` matches somewhere in `text`.

    Raises:
        EvaluationError: no pattern, one outside of the supported subset, or too much work: pattern length times
            text length beyond `WORK_MAX`.
    """
    program: list[_Instruction] = []
    _emit(parse_pattern(pattern), program)
    if (len(program) + 1) * len(text) > WORK_MAX:
        raise EvaluationError(f"matches() on a text of {len(text)} characters is too much work for this pattern")
    threads: set[int] = set()
    for position in range(len(text) + 1):
        threads = _reached(program, {0} | threads, text, position)
        if len(program) in threads:
            return True
        if position < len(text):
            character = text[position]
            threads = {at + 1 for at in threads if _consumes(program[at], character)}
    return False


def _consumes(instruction: _Instruction, character: str) -> bool:
    return isinstance(instruction, CharacterSet) and instruction.contains(character)


def _reached(program: list[_Instruction], threads: set[int], text: str, position: int) -> set[int]:
    """The instructions that wait for a character, and the end of the program, from `threads` at this position."""
    waiting: set[int] = set()
    seen: set[int] = set()
    pending = list(threads)
    while pending:
        at = pending.pop()
        if at in seen:
            continue
        seen.add(at)
        instruction = program[at] if at < len(program) else None
        if isinstance(instruction, _Split):
            pending += (instruction.first, instruction.second)
        elif isinstance(instruction, Edge):
            if instruction.holds(text, position):
                pending.append(at + 1)
        else:
            waiting.add(at)
    return waiting


def _emit(node: PatternNode, program: list[_Instruction]) -> None:
    if len(program) > PROGRAM_MAX:
        raise EvaluationError("the pattern of matches() is too large")
    match node:
        case Sequence(parts):
            for part in parts:
                _emit(part, program)
        case Alternatives(choices):
            _emit_alternatives(choices, program)
        case Repeat(part, least, most):
            for _ in range(least):
                size = len(program)
                _emit(part, program)
                if len(program) == size:  # an empty part stays empty, however often
                    break
            if most is None:
                # L: split L+1, end;  part;  jump L
                start = _reserve(program)
                _emit(part, program)
                program.append(_Split(start, start))
                program[start] = _Split(start + 1, len(program))
            else:
                splits = []
                for _ in range(most - least):
                    splits.append(_reserve(program))
                    _emit(part, program)
                for split in splits:
                    program[split] = _Split(split + 1, len(program))
        case _:
            program.append(node)


def _emit_alternatives(choices: tuple[PatternNode, ...], program: list[_Instruction]) -> None:
    jumps = []
    for choice in choices[:-1]:
        split = _reserve(program)
        _emit(choice, program)
        jumps.append(_reserve(program))
        program[split] = _Split(split + 1, len(program))
    _emit(choices[-1], program)
    for jump in jumps:
        program[jump] = _Split(len(program), len(program))


def _reserve(program: list[_Instruction]) -> int:
    program.append(_Split(0, 0))
    return len(program) - 1
