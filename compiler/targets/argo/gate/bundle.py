"""The documents of one file together: who refers to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from milonga.compiler.spelling import Spelling
from milonga.compiler.targets.argo.gate.calls import Call, calls_of
from milonga.compiler.targets.argo.gate.document import TEMPLATE_KINDS, Document
from milonga.compiler.targets.argo.gate.node import Node, Step

SPEC_STEPS = {"CronWorkflow": ("spec", "workflowSpec")}
"""Where the specification of a workflow stands; elsewhere it is `spec`."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Documents that are sent together, and the line of Argo that gets them."""

    documents: tuple[Document, ...]
    version: str
    spelling: Spelling
    _templates: dict[tuple[int, tuple[Step, ...]], dict[str, Node]] = field(
        default_factory=dict, init=False, repr=False
    )

    @property
    def is_since_4(self) -> bool:
        """Whether the definitions of 4.0 and its limits hold."""
        return self.version != "3.7"

    def of_kind(self, *kinds: str) -> Iterator[Node]:
        """The roots of the documents of these kinds."""
        return (Node(document, (), document.data) for document in self.documents if document.kind in kinds)

    def specs(self) -> Iterator[Node]:
        """The specification of a workflow in each document that has one."""
        for root in self.of_kind("Workflow", "CronWorkflow", *TEMPLATE_KINDS):
            yield root.at(*SPEC_STEPS.get(root.document.kind, ("spec",)))

    def templates(self) -> Iterator[Node]:
        """Every template of every document."""
        for spec in self.specs():
            yield from spec.at("templates").entries()

    def template(self, spec: Node, name: str) -> Node | None:
        """The template of that name beside `spec`, if there is one."""
        key = (spec.document.index, spec.steps)
        if key not in self._templates:
            # Of two of one name the first counts here; another rule says that there are two.
            entries = reversed(list(spec.at("templates").entries()))
            self._templates[key] = {entry.name: entry for entry in entries}
        return self._templates[key].get(name)

    def referred_spec(self, reference: Node) -> Node | None:
        """The specification of the document that a `templateRef` or `workflowTemplateRef` names, if it is here."""
        kind = TEMPLATE_KINDS[bool(reference.at("clusterScope").value)]
        return next(
            (root.at("spec") for root in self.of_kind(kind) if root.at("metadata").name == reference.name), None
        )

    def callee(self, call: Call) -> Node | None:
        """The template that a call runs; None where it is unknown, elsewhere, or known at run time only."""
        if call.caller.has("inline"):
            return call.caller.at("inline")
        reference = call.caller.at("templateRef")
        if reference.mapping:
            spec = self.referred_spec(reference)
            return self.template(spec, reference.at("template").text) if spec is not None else None
        return self.template(call.spec, call.caller.at("template").text)

    def calls(self) -> Iterator[Call]:
        """Every task and step of every template."""
        for spec in self.specs():
            for template in spec.at("templates").entries():
                yield from calls_of(spec, template)
