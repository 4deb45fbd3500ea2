# ruff: noqa: BLE001 - a file that kfp does not read is counted, whatever it raises
"""kfp: read every pipeline file of a folder and write it again, in one warm process."""

import gc
import json
import statistics
import sys
import time
from pathlib import Path

from kfp import compiler, components


def once(paths: list[Path]) -> float:
    """CPU seconds for all files."""
    gc.collect()
    before = time.process_time()
    for path in paths:
        component = components.load_component_from_text(path.read_text(encoding="utf-8"))
        compiler.Compiler().compile(component, "out.yaml")
    return time.process_time() - before


def readable(paths: list[Path]) -> list[Path]:
    """Those that kfp writes again at all."""
    found = []
    for path in paths:
        try:
            once([path])
        except Exception:
            continue
        found.append(path)
    return found


def main(files: list[str], rounds: int) -> dict[str, float]:
    """The median over rounds."""
    paths = readable([Path(file) for file in files])
    return {"files": len(paths), "cpu_s": statistics.median(once(paths) for _ in range(rounds))}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
