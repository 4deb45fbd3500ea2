"""When, how often and with which memory of earlier results a task runs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from milonga.compiler.diff.facts import Fact, Reading, plain
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import Node

_USUAL_STRATEGIES = frozenset(("", "TRIGGER_STRATEGY_UNSPECIFIED", "ALL_UPSTREAM_TASKS_SUCCEEDED"))


def condition(node: Node, reading: Reading) -> Iterator[Fact]:
    """The condition, and whether failures before the task keep it from running."""
    if node.task.condition:
        compared, shown = (naming.condition(node, node.task.condition) for naming in (reading.compared, reading.shown))
        yield Fact("condition", "condition", compared, shown)
    strategy = (node.task.trigger_policy.strategy if node.task.trigger_policy else None) or ""
    if strategy not in _USUAL_STRATEGIES:
        text = "runs after failures too" if node.task.runs_anyway else strategy
        yield plain("trigger", "trigger", text)


def loop(node: Node, reading: Reading) -> Iterator[Fact]:
    """What a loop goes over, and how wide."""
    parameters, artifacts = node.task.parameter_iterator, node.task.artifact_iterator
    if parameters is not None:
        items = parameters.items
        if items is not None and items.input_parameter is not None:
            yield _source(node, reading, items.input_parameter)
        else:
            text = _list_text(items.raw if items is not None and items.raw is not None else "[]")
            yield reading.filled("loop", "items", node, text)
    elif artifacts is not None:
        yield _source(node, reading, (artifacts.items.input_artifact if artifacts.items is not None else None) or "?")
    policy = node.task.iterator_policy
    if policy is not None and policy.parallelism_limit:
        yield plain("loop", "parallelism", str(policy.parallelism_limit))


def _source(node: Node, reading: Reading, name: str) -> Fact:
    compared, shown = (naming.bound(node, name) for naming in (reading.compared, reading.shown))
    return Fact("loop", "items", compared, shown)


def _list_text(raw: str) -> str:
    try:
        return canonical(json.loads(raw))
    except (ValueError, RecursionError):
        return raw


def retry(node: Node, reading: Reading) -> Iterator[Fact]:
    """Repetition of failed attempts, with KFP's defaults filled in (`RetryPolicy` of pipeline_spec.proto)."""
    policy = node.task.retry_policy
    if policy is None or not policy.max_retry_count:
        return
    yield plain("retry", "retries", str(policy.max_retry_count))
    factor = 2.0 if policy.backoff_factor is None else policy.backoff_factor
    for what, text in (
        ("backoff", _seconds(policy.backoff_duration or "0s")),
        ("backoff factor", f"{factor:g}"),
        ("longest backoff", _seconds(policy.backoff_max_duration or "3600s")),
    ):
        yield plain("retry", what, text, ("retry", "retries"))


def _seconds(duration: str) -> str:
    """A protobuf duration in one spelling: "3.500s" is "3.5s"."""
    try:
        return f"{float(duration.removesuffix('s')):g}s"
    except ValueError:
        return duration


def cache(node: Node, reading: Reading) -> Iterator[Fact]:
    """Whether earlier results may be used."""
    if node.parent is None:
        return
    options = node.task.caching_options
    yield plain("cache", "cache", "on" if options is not None and options.enable_cache else "off")
    if options is not None and options.cache_key:
        yield plain("cache", "cache key", options.cache_key)
