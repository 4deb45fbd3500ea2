"""Where an artifact lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import calls_of
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

PLACES: Final = ("s3", "git", "http", "artifactory", "hdfs", "raw", "oss", "gcs", "azure", "plugin")


def artifacts_have_one_place(bundle: Bundle) -> Iterator[Fault]:
    """An artifact lies in one store; what is passed on has one source."""
    for spec in bundle.specs():
        yield from _artifacts(spec.at("arguments"))
        for template in spec.at("templates").entries():
            yield from _one(template.at("archiveLocation"))
            yield from _artifacts(template.at("inputs"))
            yield from _artifacts(template.at("outputs"))
            for call in calls_of(spec, template):
                yield from _artifacts(call.caller.at("arguments"))


def _artifacts(node: Node) -> Iterator[Fault]:
    for artifact in node.at("artifacts").entries():
        yield from _one(artifact)
        if artifact.has("from") and artifact.has("fromExpression"):
            message = "an artifact is passed by `from` and by `fromExpression`"
            yield Fault("E356", message, artifact, expected="one of the two")


def _one(node: Node) -> Iterator[Fault]:
    given = [place for place in PLACES if node.has(place)]
    if len(given) > 1:
        yield Fault("E356", "an artifact lies in several stores", node, got=", ".join(given), expected="one")
