"""The pages of the documentation, their fenced blocks, and a folder in which a page's blocks are run in order."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[\w-]*)[^\n`]*$")
_REMARK = re.compile(r"^\s*<!-- (?P<kind>not run|slow): (?P<reason>\S.*\S) -->\s*$")
_FILE = re.compile(r"^# (?P<name>[\w./-]+\.py)$")
_MARK = "\x1e"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `not_run` and `slow` hold the reason that the comment before it gives, or ""."""

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    slow: str = ""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """All pages, relative to the root: the two at the top, everything under docs, a README a component."""
    found = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]
    found += (ROOT / "components").glob("*/README.md")
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks_of(page: str) -> list[Block]:
    return list(_blocks(page, (ROOT / page).read_text("utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    remark: re.Match[str] | None = None
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            remark = _REMARK.match(lines[number]) or (remark if not lines[number].strip() else None)
            number += 1
            continue
        closing = next(
            (after for after in range(number + 1, len(lines)) if lines[after].strip() == opening["fence"]), None
        )
        if closing is None:
            raise AssertionError(f"{page}:{number + 1}: a fence that is never closed")
        width = len(opening["indent"])
        text = "\n".join(line[width:] for line in lines[number + 1 : closing]) + "\n"
        reasons = {remark["kind"].replace(" ", "_"): remark["reason"]} if remark else {}
        yield Block(page, number + 1, opening["language"], text, **reasons)
        remark, number = None, closing + 1


@dataclass(frozen=True, slots=True)
class Command:
    """A shown command and what is shown under it."""

    text: str
    output: tuple[str, ...]


def commands_of(block: Block) -> list[Command]:
    """The lines that begin with `$ `, continued after a backslash, and the lines under each."""
    commands: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            commands.append(([line[2:]], []))
        elif not commands:
            raise AssertionError(f"{block.place}: a console block must begin with a command")
        elif commands[-1][0][-1].endswith("\\") and not commands[-1][1]:
            commands[-1][0].append(line)
        else:
            commands[-1][1].append(line)
    return [Command("\n".join(words), tuple(output)) for words, output in commands]


@dataclass(slots=True)
class Workplace:
    """An empty folder where a page is followed as a reader would: its files are written, its commands run.

    Python blocks of a page go to one file, in order; a block whose first line is `# name.py` is that whole file.
    What was written is run before the next console block, and at the end.
    """

    folder: Path
    page_file: str = "page.py"
    pending: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)

    def follow(self, blocks: list[Block]) -> None:
        consoles = "".join(block.text for block in blocks if block.language == "console")
        named = re.search(r"\b([\w-]+\.py)\b", consoles)
        self.page_file = named.group(1) if named else self.page_file
        for block in blocks:
            if block.not_run:
                continue
            if block.language == "python":
                self.write(block)
            elif block.language == "console":
                self.run_pending(block)
                self.run_console(block)
        self.run_pending(blocks[-1])

    def write(self, block: Block) -> None:
        first = _FILE.match(block.text.splitlines()[0])
        name = first["name"] if first else self.page_file
        self.written[name] = block.text if first else self.written.get(name, "") + block.text
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.written[name], encoding="utf-8")
        if name not in self.pending:
            self.pending.append(name)

    def run_pending(self, block: Block) -> None:
        for name in self.pending:
            code, output = self._bash(f"python {name}")
            assert code == 0, f"{block.place}: the Python before it, {name}, ended with {code}:\n{output}"
        self.pending = []

    def run_console(self, block: Block) -> None:
        commands = commands_of(block)
        script = "".join(
            f"{command.text}\n__code=$?; printf '{_MARK}%d{_MARK}' $__code; (exit $__code)\n" for command in commands
        )
        _, text = self._bash(script)
        parts = text.split(_MARK)
        assert len(parts) == 2 * len(commands) + 1, f"{block.place}: the block ended early:\n{text}"
        for index, command in enumerate(commands):
            output, code = parts[2 * index], int(parts[2 * index + 1])
            follows = commands[index + 1].text if index + 1 < len(commands) else ""
            is_shown = follows.startswith("echo $?") or any(line.startswith("error") for line in command.output)
            assert code == 0 or is_shown, f"{block.place}: `{command.text}` ended with {code}:\n{output}"
            check_output(block, command, output)

    def _bash(self, script: str) -> tuple[int, str]:
        binaries = Path(sys.executable).parent
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MILONGA_", "PYTEST"))}
        environment |= {
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "MILONGA_HOME": str(self.folder / ".milonga"),
            "COLUMNS": "200",
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",
        }
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        return done.returncode, done.stdout


def check_output(block: Block, command: Command, output: str) -> None:
    """Each shown line must stand in the output, after the one before it; `...` stands for anything."""
    printed = [line.strip() for line in output.splitlines()]
    position = 0
    for shown in command.output:
        text = shown.strip()
        if not text or text == "...":
            continue
        pattern = re.compile(".*".join(map(re.escape, text.split("..."))))
        found = next((index for index in range(position, len(printed)) if pattern.fullmatch(printed[index])), None)
        assert found is not None, f"{block.place}: `{command.text}` does not print\n  {text}\nbut\n{output}"
        position = found + 1
