"""Wrong programs through the real command: each gives its finding on its line, and its mended twin gives none.

A program is a file of `wrong_programs/`. Its first line says what must be found: code, severity, and fragments of got,
expected, hint or message. `# <- CODE` marks the line of the finding. A line with `# mended: TEXT` becomes TEXT in the
mended twin, and is left out of it when there is no text.
"""

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from milonga.cli.main import run_command_line
from milonga.cli.sources import load_source
from milonga.compiler.rules import RULES
from milonga.compiler.scope import Scope
from milonga.errors import MilongaError

FOLDER = Path(__file__).parent / "wrong_programs"


@dataclass(frozen=True)
class Program:
    """One wrong program."""

    path: Path
    text: str

    @property
    def expected(self) -> tuple[str, str, list[str]]:
        """Code, severity, fragments."""
        head, *fragments = self.text.splitlines()[0].removeprefix("# expect: ").split("; ")
        code, severity = head.split()
        return code, severity, fragments

    @property
    def line(self) -> int:
        """The line that the finding must name."""
        code = self.expected[0]
        (line,) = [number for number, text in enumerate(self.text.splitlines(), 1) if f"# <- {code}" in text]
        return line

    @property
    def mended(self) -> str:
        """The twin without the mistake."""
        lines = []
        for line in self.text.splitlines()[1:]:
            broken, mark, text = line.partition("# mended:")
            indent = line[: len(line) - len(line.lstrip())]
            if not mark:
                lines.append(broken)
            elif text.strip():
                lines.append(indent + text.strip())
        return "\n".join(lines) + "\n"


PROGRAMS = [
    Program(path, path.read_text("utf-8")) for path in sorted(FOLDER.iterdir()) if path.suffix in (".py", ".yaml")
]


def checked(path: Path) -> tuple[int, list[dict]]:
    """Exit code and findings of `milonga check --json`."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run_command_line(["check", str(path), "--json"])
    return code, json.loads(out.getvalue())["findings"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.path.name)
def test_a_wrong_program_gives_its_finding_on_its_line(program):
    code, severity, fragments = program.expected
    ended, findings = checked(program.path)
    matching = [finding for finding in findings if finding["code"] == code]
    assert matching, findings
    told = "\n".join(str(value) for value in matching[0].values())
    assert [fragment for fragment in fragments if fragment not in told] == [], told
    assert matching[0]["severity"] == severity
    assert re.match(rf"{re.escape(str(program.path))}:{program.line}\b", matching[0]["where"]), matching[0]["where"]
    assert ended == (1 if any(finding["severity"] == "error" for finding in findings) else 0)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.path.name)
def test_its_mended_twin_gives_no_finding(program, tmp_path):
    twin = tmp_path / program.path.name
    twin.write_text(program.mended, encoding="utf-8")
    assert checked(twin) == (0, [])


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.path.name)
def test_a_finding_comes_alone(program):
    """One mistake is one finding: rules yield nothing about what another rule reports."""
    _, findings = checked(program.path)
    assert {finding["code"] for finding in findings} == {program.expected[0]}


def test_every_rule_is_broken_by_a_program():
    hit = set()
    for program in PROGRAMS:
        try:
            graph = load_source(str(program.path)).graph
        except MilongaError:
            continue
        code = program.expected[0]
        for name, component in graph.dags():
            scope = Scope(graph, name, component)
            hit |= {
                rule
                for rules in RULES.values()
                for rule in rules
                if any(finding.code == code for finding in rule(scope))
            }
    assert sorted(rule.__name__ for rules in RULES.values() for rule in rules if rule not in hit) == []


def test_every_rule_says_what_must_hold():
    for name, rules in RULES.items():
        for rule in rules:
            first = (rule.__doc__ or "").splitlines()[0]
            assert first.endswith("."), f"{name}: {rule.__name__}"


def test_no_program_shows_a_secret():
    told = "".join(json.dumps(checked(program.path)[1]) for program in PROGRAMS if "e258" in program.path.name)
    assert told and "correct-horse" not in told
