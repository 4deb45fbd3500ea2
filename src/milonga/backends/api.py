"""`submit`: a pipeline, its arguments, a run on a back end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.backends import backend_named
from milonga.backends.patience import Patience
from milonga.backends.preparation import checked_request, prepare
from milonga.backends.settings import require_used
from milonga.backends.submission import Submission
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.interop.sources import read_source
from milonga.errors import InvalidPipeline, UnsupportedByTarget


def submit(
    pipeline: object,
    arguments: Mapping[str, Any] | None = None,
    *,
    to: str,
    name: str = "",
    cache: bool = True,
    lower: bool | None = None,
    force: bool = False,
    labels: Mapping[str, str] | None = None,
    **settings: str,
) -> Submission:
    """Start a run of a pipeline on a back end, and return when the back end has accepted it.

    Args:
        pipeline: a pipeline or component of milonga or of kfp, a graph, or a path: `FILE.py:name`, an IR file.
        arguments: values of its inputs.
        to: the back end: "kfp", "vertex", or "local" for a process of its own on this machine.
        name: the run's name; by default the pipeline's and the time.
        cache: False runs every task.
        lower: whether constructs that the back end cannot run are written in a form that it can; by default they are,
            unless `pipeline` is a graph or a file that was compiled before.
        force: also submit what the back end is known to refuse or to fail on.
        labels: labels of the run, where the back end has them.
        settings: settings of the back end, such as `endpoint=` or `project=`; the environment is asked for the others.

    Returns:
        The run's id and page; `wait()` waits for its end.

    Raises:
        AuthoringError: mistakes in the pipeline.
        InvalidPipeline: E225, the pipeline is not consistent.
        UnsupportedByTarget: E301 or E302, the back end would refuse it or fail on it.
        UsageError: E902-E904 wrong arguments, E930-E936 wrong settings; nothing has been sent.
        RemoteError: E800-E809.
    """
    kind = backend_named(to)
    require_used(to, kind.options, settings, ("connect", "run"))
    backend = kind.configured(settings, Patience())
    source = read_source(pipeline)
    preparation = prepare(source, backend.name, lower=lower)
    if preparation.stopping:
        raise InvalidPipeline("E225", "the pipeline has errors", got=_lines(preparation.stopping))
    if preparation.refused and not force:
        first = preparation.refused[0]
        raise UnsupportedByTarget(
            first.code,
            f"the back end '{to}' cannot run this pipeline",
            where=first.where,
            got=_lines(preparation.refused),
            hint="force=True submits it all the same",
        )
    graph = preparation.graph
    request = checked_request(graph, source.signature, arguments or {}, name=name, use_cache=cache, labels=labels)
    findings = (*preparation.noted, *backend.argument_findings(request))
    return Submission(backend.submit(graph, request), findings, backend)


def _lines(findings: tuple[Diagnostic, ...]) -> str:
    return "\n".join(str(finding) for finding in findings)
