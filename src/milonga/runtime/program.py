"""The command line of a milonga task: which function to run, and everything that travels with it.

A `TaskProgram` is written into a container's command when a pipeline is compiled and read back by whoever runs it.
This module does not travel: what a task needs to read its own command is in `received_program`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from milonga.runtime.received_program import ReceivedProgram, unpack

MARKER = "# milonga task; speaks the protocol of kfp.dsl.executor_main\n"
"""First line of the loader. kfp's local runner recognises Python components by the name of that module."""

LOADER = MARKER + (
    "import base64,json,os,sys,tempfile,zlib\n"
    "folder=tempfile.mkdtemp(prefix='milonga-')\n"
    "packed=sys.argv[1]\n"
    "if packed[:1]=='/':packed=open(packed).read()\n"
    "packed=packed.translate({44:36,46:123})\n"
    "for name,text in json.loads(zlib.decompress(base64.b85decode(packed))).items():\n"
    "    path=os.path.join(folder,name)\n"
    "    os.makedirs(os.path.dirname(path),exist_ok=True)\n"
    "    open(path,'w',encoding='utf-8').write(text)\n"
    "sys.path.insert(0,folder)\n"
    "from milonga.runtime.main import main\n"
    "main(sys.argv[2:],folder)\n"
)

CODE_INPUT = "milonga-code"
"""Input artifact of a step whose code does not stand in its arguments: another step of the run carries it."""

CODE_PATH = "{{$.inputs.artifacts['" + CODE_INPUT + "'].path}}"
"""What such a step has in place of the packed runtime; no packed text begins with a slash."""

PACKED_CHARACTERS_MAX = 120_000
"""Linux takes at most 128 KiB in one command line argument (MAX_ARG_STRLEN)."""


@dataclass(frozen=True, slots=True)
class TaskProgram(ReceivedProgram):
    """A function and what it needs, to be written into a command line."""

    def digest(self) -> str:
        """SHA-256 over everything that decides what the task does."""
        parts = [self.function, self.source, self.packages, self.modules, *([self.code] if self.code else [])]
        content = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    def to_args(self) -> list[str]:
        """The container's arguments after the runtime."""
        arguments = ["--executor_input", "{{$}}", "--function", self.function]
        if self.packages:
            packages = json.dumps(list(self.packages)).replace("{", "\\u007b").replace("$", "\\u0024")
            arguments += ["--packages", packages]
        if self.modules:
            arguments += ["--modules", pack(self.modules)]
        if self.code:
            arguments += ["--code", self.code]
        if any(mark in self.source for mark in _CHANGED_ON_THE_WAY):
            encoded = base64.b64encode(self.source.encode("utf-8")).decode("ascii")
            return [*arguments, "--source-base64", encoded]
        return [*arguments, "--source", self.source]


def is_milonga_command(command: Sequence[str] | None) -> bool:
    """Whether a container's command is a milonga task."""
    return command is not None and len(command) >= 3 and command[2].startswith(MARKER)


_CHANGED_ON_THE_WAY = ("{{", "$$", "$(")
"""KFP and Argo read the first as a placeholder, Kubernetes the others as a variable."""

_SAFE = str.maketrans("{$", ".,")


def pack(modules: Mapping[str, str]) -> str:
    """Text files as base85 of one compressed JSON object: same files, same text.

    Two characters of that alphabet mean something on the way: `{{$` begins a placeholder of KFP, and Kubernetes reads
    `$$` in a container's arguments as `$`. They are replaced by two that base85 does not use.
    """
    content = json.dumps(dict(sorted(modules.items())), separators=(",", ":"), ensure_ascii=False)
    return base64.b85encode(zlib.compress(content.encode("utf-8"), 9)).decode("ascii").translate(_SAFE)


def from_container(command: Sequence[str], args: Sequence[str]) -> TaskProgram:
    """The program behind a compiled container. `args` starts with the packed runtime or its path, which is skipped."""
    program, _ = TaskProgram.from_args(args[1:])
    return program


def json_text(value: object) -> str:
    """`value` as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


__all__ = [
    "CODE_INPUT",
    "CODE_PATH",
    "LOADER",
    "MARKER",
    "PACKED_CHARACTERS_MAX",
    "ReceivedProgram",
    "TaskProgram",
    "from_container",
    "is_milonga_command",
    "json_text",
    "pack",
    "unpack",
]
