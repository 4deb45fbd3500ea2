"""Pipelines whose tasks share pods are played on the Argo on paper."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [
    str(HERE),
    str(HERE.parents[1]),
    str(HERE.parents[2] / "constructs"),
    str(HERE.parents[3] / "engine" / "pod"),
]
