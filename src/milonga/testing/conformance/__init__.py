"""Run a corpus of pipeline files and compare what came out with what had to: `milonga conformance DIR`.

A corpus is a folder with `expected.json` (arguments and expected results by file) and, optionally, `index.json` (what
cannot run here, what must be rejected, what may not run side by side). `checks` holds one check a key of a case,
`matchers` what may stand for a value. Another engine takes part with a class that has what `ConformanceBackend` says.
"""

from milonga.testing.conformance.backend import ConformanceBackend, RunRequest, backend_named
from milonga.testing.conformance.corpus import Case, Corpus, PipelineFile, load_corpus
from milonga.testing.conformance.observed import ObservedArtifact, ObservedRun, ObservedTask
from milonga.testing.conformance.runner import run_corpus
from milonga.testing.conformance.verdict import Verdict

__all__ = [
    "Case",
    "ConformanceBackend",
    "Corpus",
    "ObservedArtifact",
    "ObservedRun",
    "ObservedTask",
    "PipelineFile",
    "RunRequest",
    "Verdict",
    "backend_named",
    "load_corpus",
    "run_corpus",
]
