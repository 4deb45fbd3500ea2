"""`milonga doctor`."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from typing import Any

import click

from milonga.__about__ import __version__
from milonga.cli.output import print_json
from milonga.engine.containers.finding import NONE, SETTING, Looked, look_for_engines
from milonga.engine.home import Home
from milonga.engine.resources import available_cores

_EXTRAS = {
    "data": ("numpy", "pillow", "pyarrow", "scikit-learn", "skops"),
    "torch": ("torch", "onnxscript", "safetensors"),
    "devices": ("onnx", "onnxruntime"),
    "tuning": ("optuna",),
    "serve": ("kserve",),
    "kfp": ("kfp", "kfp-kubernetes"),
    "vertex": ("google-auth", "requests"),
}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _containers(engines: tuple[Looked, ...]) -> dict[str, Any]:
    """The container engine that a run would use, and why not those before it."""
    chosen = next((each.engine for each in engines if each.engine is not None), None)
    return {
        "engine": chosen.path if chosen is not None else None,
        "flavour": chosen.flavour if chosen is not None else None,
        "version": chosen.version if chosen is not None else None,
        "rootless": chosen.is_rootless if chosen is not None else None,
        "problems": {each.path or each.name: each.problem for each in engines if each.problem},
    }


def _said_of(engines: tuple[Looked, ...]) -> str:
    if not engines:
        return f"none, since {SETTING} is '{NONE}'"
    found = [
        f"{each.engine.flavour} {each.engine.version}{' rootless' if each.engine.is_rootless else ''} ({each.path})"
        for each in engines
        if each.engine is not None
    ]
    problems = [f"{each.path or each.name}: {each.problem}" for each in engines if each.problem]
    return "; ".join([*(found or ["none, so steps with images of their own do not run here"]), *problems])


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def command(as_json: bool) -> None:
    """Say what this installation can do, and what each missing part would need."""
    extras = {extra: {package: _version(package) for package in packages} for extra, packages in _EXTRAS.items()}
    home = Home.default()
    engines = look_for_engines()
    facts: dict[str, Any] = {
        "milonga": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "cores": available_cores(),
        "home": str(home.root),
        "free_bytes": shutil.disk_usage(next(path for path in (home.root, *home.root.parents) if path.exists())).free,
        "extras": extras,
        "containers": _containers(engines),
    }
    if as_json:
        print_json(facts)
        return
    print(f"milonga {__version__}, Python {facts['python']}, {facts['cores']} cores, {facts['platform']}")
    print(f"state in {facts['home']}, {facts['free_bytes'] // 2**30} GiB free")
    print(f"containers: {_said_of(engines)}")
    for extra, packages in extras.items():
        missing = [package for package, version in packages.items() if version is None]
        have = ", ".join(f"{package} {version}" for package, version in packages.items() if version)
        note = f"missing {', '.join(missing)}: pip install 'milonga[{extra}]'" if missing else "ok"
        print(f"{extra:<8} {note}{'; ' if have and missing else ' ' if have else ''}{'(' + have + ')' if have else ''}")
