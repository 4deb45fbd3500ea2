"""What is looked at before anything is sent: the pipeline, what the target says about it, the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.interop.sources import Source
from milonga.compiler.rules import check
from milonga.compiler.targets import target_named
from milonga.compiler.targets.capability import CODES
from milonga.dsl.signature import Signature
from milonga.engine.arguments import root_inputs
from milonga.lineage.records import ArtifactRecord


@dataclass(frozen=True, slots=True)
class Preparation:
    """A pipeline before it is sent, and the findings about it.

    Attributes:
        graph: the pipeline as it would be sent.
        stopping: errors of the pipeline itself, which nothing overrides.
        refused: what the target refuses or fails on; `force` sends it all the same.
        noted: what the target changes, drops or warns about.
    """

    graph: Graph
    stopping: tuple[Diagnostic, ...]
    refused: tuple[Diagnostic, ...]
    noted: tuple[Diagnostic, ...]

    def stops(self, *, force: bool) -> tuple[Diagnostic, ...]:
        """The findings that keep the pipeline from being sent."""
        return self.stopping if force else (*self.stopping, *self.refused)


def prepare(source: Source, target: str, *, lower: bool | None = None) -> Preparation:
    """Look at a pipeline as the target of that name would take it.

    Args:
        source: the pipeline.
        target: the target's name.
        lower: whether constructs that the target cannot run are written in a form that it can; None, as when it is
            compiled: unless the pipeline comes from a file that was compiled before.
    """
    chosen = target_named(target)
    graph = chosen.lower(source.graph) if (source.is_python if lower is None else lower) else source.graph
    own = check(graph)
    is_sound = all(finding.severity != "error" for finding in own)
    theirs = (*chosen.findings(graph), *(chosen.refusals(graph) if is_sound else ()))
    refused = tuple(finding for finding in theirs if _stops(finding))
    return Preparation(
        graph=graph,
        stopping=tuple(finding for finding in own if finding.severity == "error"),
        refused=refused,
        noted=tuple(finding for finding in (*own, *theirs) if finding.severity != "error" and finding not in refused),
    )


def _stops(finding: Diagnostic) -> bool:
    return finding.severity == "error" or finding.code in (CODES["refused"], CODES["fails"])


def checked_request(
    graph: Graph,
    signature: Signature | None,
    arguments: Mapping[str, Any],
    *,
    name: str = "",
    use_cache: bool = True,
    labels: Mapping[str, str] | None = None,
) -> SubmitRequest:
    """A request whose arguments fit the pipeline's inputs.

    Artifacts are given as the back end reads them, by URI or id: what they name need not be on this machine.

    Raises:
        UsageError: E902 an unknown name, E903 a missing value, E904 a value of the wrong type.
    """
    artifacts = graph.root.input_artifacts
    given = {
        key: ArtifactRecord(key, "", str(value)) if key in artifacts and value is not None else value
        for key, value in arguments.items()
    }
    bundle = root_inputs(graph.root, given, signature)
    uris = {key: record.uri for key, record in bundle.artifacts.items() if isinstance(record, ArtifactRecord)}
    return SubmitRequest(bundle.parameters, uris, name, use_cache, labels or {})
