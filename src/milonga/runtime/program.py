"""The command line of a milonga task: which function to run, and everything that travels with it.

A `TaskProgram` is written into a container's command when a pipeline is compiled and read back by whoever runs it.
What may never change: a command written by an older version is still understood.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MARKER = "# milonga task; speaks the protocol of kfp.dsl.executor_main\n"
"""First line of the loader. kfp's local runner recognises Python components by the name of that module."""

LOADER = MARKER + (
    "import base64,json,os,sys,tempfile,zlib\n"
    "folder=tempfile.mkdtemp(prefix='milonga-')\n"
    "packed=sys.argv[1].translate({44:36,46:123})\n"
    "for name,text in json.loads(zlib.decompress(base64.b85decode(packed))).items():\n"
    "    path=os.path.join(folder,name)\n"
    "    os.makedirs(os.path.dirname(path),exist_ok=True)\n"
    "    open(path,'w',encoding='utf-8').write(text)\n"
    "sys.path.insert(0,folder)\n"
    "from milonga.runtime.main import main\n"
    "main(sys.argv[2:],folder)\n"
)


@dataclass(frozen=True, slots=True)
class TaskProgram:
    """A function and what it needs.

    Attributes:
        function: name of the function in `source`.
        source: Python text that defines it, with the helpers, imports and constants that it uses.
        packages: requirements (PEP 508).
        modules: project modules that it imports: path in the bundle → text.
    """

    function: str
    source: str
    packages: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 over everything that decides what the task does."""
        content = json.dumps([self.function, self.source, self.packages, self.modules], sort_keys=True)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    def to_args(self) -> list[str]:
        """The container's arguments after the runtime."""
        arguments = ["--executor_input", "{{$}}", "--function", self.function]
        if self.packages:
            packages = json.dumps(list(self.packages)).replace("{", "\\u007b").replace("$", "\\u0024")
            arguments += ["--packages", packages]
        if self.modules:
            arguments += ["--modules", pack(self.modules)]
        if any(
            mark in self.source for mark in ("{{", "$$", "$(")
        ):  # KFP and Argo read the first, Kubernetes the others
            encoded = base64.b64encode(self.source.encode("utf-8")).decode("ascii")
            return [*arguments, "--source-base64", encoded]
        return [*arguments, "--source", self.source]

    @classmethod
    def from_args(cls, arguments: Sequence[str]) -> tuple[TaskProgram, str]:
        """The program, and the executor input as JSON text.

        Raises:
            ValueError: not the arguments of a milonga task.
        """
        if len(arguments) % 2:
            raise ValueError("the arguments of a milonga task come in pairs")
        given = dict(zip(arguments[::2], arguments[1::2], strict=True))
        if "--function" not in given:
            raise ValueError("a milonga task needs --function")
        source = given.get("--source")
        if source is None:
            source = base64.b64decode(given.get("--source-base64", "")).decode("utf-8")
        program = cls(
            function=given["--function"],
            source=source,
            packages=tuple(json.loads(given.get("--packages", "[]"))),
            modules=unpack(given["--modules"]) if "--modules" in given else {},
        )
        return program, given.get("--executor_input", "")


def is_milonga_command(command: Sequence[str] | None) -> bool:
    """Whether a container's command is a milonga task."""
    return command is not None and len(command) >= 3 and command[2].startswith(MARKER)


_CHANGED_ON_THE_WAY = ("{{", "$$", "$(")
"""KFP and Argo read the first as a placeholder, Kubernetes the others as a variable."""

_SAFE = str.maketrans("{$", ".,")
_UNSAFE = str.maketrans(".,", "{$")


def pack(modules: Mapping[str, str]) -> str:
    """Text files as base85 of one compressed JSON object: same files, same text.

    Two characters of that alphabet mean something on the way: `{{$` begins a placeholder of KFP, and Kubernetes reads
    `$$` in a container's arguments as `$`. They are replaced by two that base85 does not use.
    """
    content = json.dumps(dict(sorted(modules.items())), separators=(",", ":"), ensure_ascii=False)
    return base64.b85encode(zlib.compress(content.encode("utf-8"), 9)).decode("ascii").translate(_SAFE)


def unpack(text: str) -> dict[str, str]:
    """The files of `pack`."""
    files: dict[str, str] = json.loads(zlib.decompress(base64.b85decode(text.translate(_UNSAFE))))
    return files


def from_container(command: Sequence[str], args: Sequence[str]) -> TaskProgram:
    """The program behind a compiled container. `args` starts with the packed runtime, which is skipped."""
    program, _ = TaskProgram.from_args(args[1:])
    return program


def json_text(value: object) -> str:
    """`value` as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
