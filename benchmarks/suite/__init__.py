"""The benchmarks by name, in the order in which they run."""

from __future__ import annotations

from benchmarks.suite.argo import argo
from benchmarks.suite.busy import busy
from benchmarks.suite.cached import cached
from benchmarks.suite.compilation import compilation
from benchmarks.suite.corpus import corpus
from benchmarks.suite.imports import imports
from benchmarks.suite.kills import kills
from benchmarks.suite.loops import loops
from benchmarks.suite.noop import noop
from benchmarks.suite.parallel import parallel
from benchmarks.suite.size import size

SUITE = {
    "import": imports,
    "compile": compilation,
    "corpus": corpus,
    "noop": noop,
    "parallel": parallel,
    "cached": cached,
    "loops": loops,
    "busy": busy,
    "kills": kills,
    "size": size,
}

ON_A_CLUSTER = {"argo": argo}
"""Only when they are named: nobody wants hundreds of pods for having a KUBECONFIG."""

__all__ = ["ON_A_CLUSTER", "SUITE"]
