"""Emitted manifests are played on the Argo on paper."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [
    str(HERE.parent),
    str(HERE.parents[1] / "constructs"),
    str(HERE.parents[2] / "engine" / "pod"),
    str(HERE / "gate"),
]
