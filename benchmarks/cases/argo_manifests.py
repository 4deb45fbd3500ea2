"""Compile pipeline files to Argo, and compare with the bytes of KFP's own Workflows of the same files."""

import json
import statistics
import sys
from pathlib import Path

from milonga.compiler.documents import load_graph
from milonga.compiler.targets import target_named
from milonga.errors import MilongaError

PROGRAM = b"\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: milonga\n  name: milonga-runtime-"


def sizes(text: str) -> dict[str, int]:
    """Bytes of the template, of it and what else is this pipeline's own, and of all."""
    objects = [item.encode() for item in text.split("\n---\n")]
    own = [item for item in objects if PROGRAM not in item]
    templates = [item for item in own if b"\nkind: WorkflowTemplate\n" in item]
    return {"template": sum(map(len, templates)), "own": sum(map(len, own)), "whole": len(text.encode())}


def main(files: dict[str, int]) -> dict[str, float]:
    """Median ratios, and how many files there were; `files` has the bytes of KFP's Workflow by the file's name."""
    target = target_named("argo")
    ratios: dict[str, list[float]] = {"template": [], "own": [], "whole": []}
    refused = 0
    for name, kfp_bytes in sorted(files.items()):
        try:
            text = target.emit(target.lower(load_graph(Path(name))))
        except MilongaError:
            refused += 1
            continue
        for part, count in sizes(text).items():
            ratios[part].append(count / kfp_bytes)
    medians = {part: statistics.median(found) for part, found in ratios.items()}
    return {**medians, "own_largest": max(ratios["own"]), "files": len(ratios["own"]), "refused": refused}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
