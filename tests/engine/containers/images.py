"""Images for tests, made of this machine's own files: no registry is asked."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable
from pathlib import Path

_APPLETS = (
    *("sh", "cat", "echo", "sleep", "true", "false", "mkdir", "id", "env", "ls", "pwd", "kill", "touch", "dd", "test"),
    *("head", "wc", "seq", "yes", "chmod", "nproc", "date", "stat", "df", "tr", "mkfifo", "ln", "printf"),
)
_LEFT_OUT = re.compile(
    r"/(test|idlelib|tkinter|lib2to3|ensurepip|turtledemo|config-[^/]*|__pycache__|[a-z]+-packages)(/|$)"
)


def static_busybox() -> Path | None:
    """A busybox that needs no library; None when this machine has none."""
    found = shutil.which("busybox")
    if found is None or _libraries([Path(found)]):
        return None
    return Path(found)


def busybox_image(busybox: Path) -> bytes:
    """A file system of one program under many names."""
    archive = Archive()
    archive.put(busybox, "bin/busybox")
    for applet in _APPLETS:
        archive.link(f"bin/{applet}", "busybox")
    archive.folder("tmp", 0o1777)
    return archive.bytes()


def python_image(busybox: Path) -> bytes:
    """busybox, this Python with its standard library, kfp where it is installed, and a component that kfp built in."""
    archive = Archive()
    archive.text("kfp_config.ini", "[Components]\ndouble = component.py\n")
    archive.text("component.py", "def double(a: int) -> int:\n    return 2 * a\n")
    archive.put(busybox, "bin/busybox")
    for applet in ("sh", "cat", "mkdir", "mktemp", "printf", "echo", "dirname", "date", "true", "sleep"):
        archive.link(f"bin/{applet}", "busybox")
    archive.folder("tmp", 0o1777)
    interpreter = Path(sys.executable).resolve()
    archive.put(interpreter, str(interpreter))
    archive.link("usr/bin/python3", str(interpreter)) if str(interpreter) != "/usr/bin/python3" else None
    library = Path(sysconfig.get_path("stdlib"))
    files = [
        path for path in library.rglob("*") if path.is_file() and not _LEFT_OUT.search(f"/{path.relative_to(library)}")
    ]
    for path in files:
        archive.put(path, str(path))
    for path in _libraries([interpreter, *(path for path in files if path.suffix == ".so")]):
        archive.put(path, str(path))
    kfp = importlib.util.find_spec("kfp")
    for folder in kfp.submodule_search_locations or () if kfp is not None else ():
        for path in Path(folder).rglob("*.py"):
            archive.put(path, f"{library}/{Path(folder).name}/{path.relative_to(folder)}")
    return archive.bytes()


class Archive:
    """A tar in memory."""

    def __init__(self) -> None:
        self._data = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._data, mode="w")  # noqa: SIM115 - closed by `bytes`

    def put(self, path: Path, name: str) -> None:
        content = path.read_bytes()
        entry = tarfile.TarInfo(name.lstrip("/"))
        entry.size, entry.mode = len(content), 0o755 if path.stat().st_mode & 0o100 else 0o644
        self._tar.addfile(entry, io.BytesIO(content))

    def text(self, name: str, content: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content.encode()), 0o644
        self._tar.addfile(entry, io.BytesIO(content.encode()))

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def folder(self, name: str, mode: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(entry)

    def bytes(self) -> bytes:
        self._tar.close()
        return self._data.getvalue()


def _libraries(programs: Iterable[Path]) -> list[Path]:
    """The shared libraries that the loader would bring for them."""
    found: set[str] = set()
    for start in range(0, len(batch := [*map(str, programs)]), 50):
        listed = subprocess.run(["ldd", *batch[start : start + 50]], capture_output=True, text=True, check=False).stdout
        found.update(re.findall(r"(/\S+) \(0x", listed))
    return [Path(path) for path in sorted(found)]
