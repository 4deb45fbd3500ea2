"""Where a workflow begins."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault


def entrypoints_are_given(bundle: Bundle) -> Iterator[Fault]:
    """A workflow that runs names its entry point, and either holds templates or refers to a document that does."""
    for spec in bundle.specs():
        reference = spec.at("workflowTemplateRef")
        if reference.mapping and spec.at("templates").value:
            message = "templates stand beside `workflowTemplateRef`, which excludes them"
            yield Fault("E353", message, spec.at("templates"), expected="one of the two")
        if spec.document.is_template or not spec.mapping or spec.at("entrypoint").text:
            continue
        other = bundle.referred_spec(reference) if reference.mapping else None
        if not reference.mapping or (other is not None and not other.at("entrypoint").text):
            yield Fault("E353", "a workflow has no entry point", spec, expected="entrypoint: the name of a template")
