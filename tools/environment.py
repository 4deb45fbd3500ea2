"""Make the environment in `.venv` with uv; bring uv itself when it is not there. Standard library only.

Usage: python3 tools/environment.py [GROUP ...]

GROUP is an extra of the project (`all` by default) or a dependency group (`dev`). uv comes from PATH, else from the
private folder `.uv`, where its wheel is unpacked from the package index: a bare Debian has neither pip nor venv. The
environment variable TORCH_INDEX names a package index that holds a CPU-only torch, which saves about 4.7 GB.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRIVATE = ROOT / ".uv"
VENV = ROOT / ".venv"
STAMP = VENV / "milonga-installed"
UV_OLDEST = (0, 5, 0)
CONSTRAINED_PYTHON = (3, 11)
"""constraints.txt holds the versions that were tested together, on this Python; others resolve on their own."""


def main() -> None:
    """Make or refresh the environment."""
    groups = sys.argv[1:] or ["all"]
    link_folders()
    wanted = json.dumps([sorted(groups), digest_of_inputs(), sys.version])
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    uv = find_uv()
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV)}
    if not (VENV / "bin" / "python").exists():
        call([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], environment)
    tested = sys.version_info[:2] == CONSTRAINED_PYTHON
    constraints = ["--constraint", str(ROOT / "constraints.txt")] if tested else []
    index = os.environ.get("TORCH_INDEX", "")
    if index and "core" not in groups:
        call([uv, "pip", "install", "--quiet", "torch", "--index-url", index, "--no-deps"], environment)
    extras = [group for group in groups if group not in ("dev", "core")]
    target = f".[{','.join(extras)}]" if extras else "."
    command = [uv, "pip", "install", *constraints, "--editable", target]
    if "dev" in groups:
        command += ["--group", "dev"]
    print(
        "installing into .venv; with torch from the package index this is a 4.7 GB download the first time", flush=True
    )
    call(command, environment)
    STAMP.write_text(wanted)


def digest_of_inputs() -> str:
    """Digest of the files that decide what is installed."""
    names = ("pyproject.toml", "constraints.txt")
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in names)).hexdigest()


def link_folders() -> None:
    """Make the links under src/milonga again where a checkout without symlinks has lost them."""
    for name in ("components", "pipelines", "compiler"):
        link = ROOT / "src" / "milonga" / name
        if not link.is_symlink() and not link.is_dir():
            link.unlink(missing_ok=True)
            link.symlink_to(f"../../{name}", target_is_directory=True)


def call(command: list[str], environment: dict[str, str]) -> None:
    """Run a command; end with its exit code when it fails."""
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def find_uv() -> str:
    """A uv that is new enough."""
    for candidate in (shutil.which("uv"), str(PRIVATE / "uv")):
        if candidate and Path(candidate).exists() and version_of(candidate) >= UV_OLDEST:
            return candidate
    try:
        return download_uv()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, pip may still do
        print(f"uv cannot be fetched directly ({error}); trying pip", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(PRIVATE / "pip"), "uv"]
    call(command, dict(os.environ))
    shutil.copy2(PRIVATE / "pip" / "bin" / "uv", PRIVATE / "uv")
    return str(PRIVATE / "uv")


def version_of(uv: str) -> tuple[int, ...]:
    """Its version; () when it does not run."""
    done = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, match.groups())) if match else ()


def download_uv() -> str:
    """Unpack the newest uv wheel for this machine into `.uv` (simple repository API, PEP 503 and 691)."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    page = index.rstrip("/") + "/uv/"
    wheels = [(name, url, digest) for name, url, digest in listed_files(page) if is_wheel_for_here(name)]
    if not wheels:
        raise RuntimeError(f"the index has no uv for {platform.system()} {platform.machine()}")
    name, url, digest = max(wheels, key=lambda wheel: tuple(map(int, re.findall(r"\d+", wheel[0].split("-")[1])[:3])))
    with urllib.request.urlopen(url, timeout=300) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise RuntimeError(f"{name} is damaged")
    PRIVATE.mkdir(exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        member = next(member for member in wheel.namelist() if member.endswith(".data/scripts/uv"))
        (PRIVATE / "uv.part").write_bytes(wheel.read(member))
    (PRIVATE / "uv.part").chmod((PRIVATE / "uv.part").stat().st_mode | stat.S_IXUSR)
    (PRIVATE / "uv.part").rename(PRIVATE / "uv")
    return str(PRIVATE / "uv")


def listed_files(page: str) -> list[tuple[str, str, str]]:
    """(name, address, sha256) of the files on a project's index page, which is JSON or, on older indexes, HTML."""
    accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
    with urllib.request.urlopen(urllib.request.Request(page, headers={"Accept": accept}), timeout=60) as answer:
        text, base = answer.read().decode("utf-8"), answer.geturl()
    if text.lstrip().startswith("{"):
        files = [file for file in json.loads(text)["files"] if not file.get("yanked")]
        return [(file["filename"], urllib.parse.urljoin(base, file["url"]), file["hashes"]["sha256"]) for file in files]
    found = []
    for anchor in re.findall(r"<a\s[^>]*>", text):
        link = re.search(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', anchor)
        if link and "data-yanked" not in anchor:
            name = urllib.parse.unquote(link.group(1).rsplit("/", 1)[-1])
            found.append((name, urllib.parse.urljoin(base, link.group(1)), link.group(2)))
    return found


def is_wheel_for_here(name: str) -> bool:
    """Whether a wheel of uv runs on this machine; its tags carry no Python version."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if not name.endswith(".whl") or "rc" in name.split("-")[1] or "a" in name.split("-")[1]:
        return False
    if platform.system() == "Darwin":
        return "macosx" in name and ("arm64" if machine == "aarch64" else machine) in name
    libc = "musllinux" if platform.libc_ver()[0] != "glibc" else "manylinux"
    return libc in name and machine in name


if __name__ == "__main__":
    main()
