"""What a text of a template can ask for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from milonga.compiler.diagnostics import Severity
from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import Call
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.tags.known import NODE, ROOTS, WORKFLOW
from milonga.compiler.targets.argo.gate.tags.reference import Reference

_PORTS = ("parameters", "artifacts")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a reference does not resolve.

    Attributes:
        name: the name that is not there, and `known` those that are.
    """

    message: str
    name: str = ""
    known: Collection[str] = ()
    expected: str = ""
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Visible:
    """The scope of a text.

    Attributes:
        bundle: all documents.
        spec: the specification around it.
        template: the template around it.
        done: tasks or steps that are done before it, by name.
        every: all tasks or steps of the template.
        has_item: whether it stands in a loop.
        is_anywhere: whether it is a text of the workflow that is put into every pod.
    """

    bundle: Bundle
    spec: Node
    template: Node
    done: dict[str, Node] = field(default_factory=dict)
    every: dict[str, Node] = field(default_factory=dict)
    has_item: bool = False
    is_anywhere: bool = False

    def with_nodes(self, done: dict[str, Node], every: dict[str, Node], *, has_item: bool = False) -> Visible:
        """The scope of a task, a step or the outputs."""
        return replace(self, done=done, every=every, has_item=has_item)

    def problem(self, reference: Reference) -> Problem | None:
        """Why a reference does not resolve; None where it does, or where nothing can be said about it."""
        path, expression = reference.path, reference.expression
        root = path[0]
        if expression is not None and (root in expression.bound or (len(path) == 1 and root != "item")):
            return None
        if root == "inputs":
            return None if self.is_anywhere else self._input(path, is_plain=expression is None)
        if root in ("tasks", "steps"):
            return self._node(path)
        if root == "workflow":
            return self._workflow(path)
        if root == "outputs":
            return self._own_output(path)
        if root == "item" and not self.has_item and not reference.is_call:
            return Problem("there is no item: this stands in no loop")
        if root not in ROOTS and expression is not None:
            return Problem(f"there is no variable '{root[:60]}'", root, ROOTS)
        return None

    def _input(self, path: tuple[str, ...], *, is_plain: bool) -> Problem | None:
        port, name = path[1:2], path[2:3]
        if port and port[0] not in _PORTS:
            return Problem(f"inputs have no '{port[0][:60]}'", port[0], _PORTS)
        if not name:
            return None
        known = [entry.name for entry in self.template.at("inputs", port[0]).entries()]
        if name[0] not in known:
            return Problem(f"the template has no input {port[0][:-1]} '{name[0][:128]}'", name[0], known)
        if is_plain and port[0] == "parameters" and len(path) > 3:
            return Problem(f"an input has no field '{path[3][:60]}'", expected=f"{{{{inputs.parameters.{name[0]}}}}}")
        return None

    def _own_output(self, path: tuple[str, ...]) -> Problem | None:
        if len(path) < 3 or path[1] not in _PORTS:
            return None
        known = [entry.name for entry in self.template.at("outputs", path[1]).entries()]
        return None if path[2] in known else Problem(f"the template has no output '{path[2][:128]}'", path[2], known)

    def _workflow(self, path: tuple[str, ...]) -> Problem | None:
        if path[1:2] and path[1] not in WORKFLOW:
            return Problem(f"a workflow has no '{path[1][:60]}'", path[1], WORKFLOW)
        if path[1:2] != ("parameters",) or len(path) < 3 or path[2] == "json":
            return None
        reference = self.spec.at("workflowTemplateRef")
        other = self.bundle.referred_spec(reference) if reference.mapping else None
        if reference.mapping and other is None:
            return None
        sources = (self.spec, *((other,) if other is not None else ()))
        known = [entry.name for source in sources for entry in source.at("arguments", "parameters").entries()]
        if path[2] in known:
            return None
        if self.spec.document.is_template and not self.spec.has("entrypoint"):
            return None  # it holds templates for workflows that begin elsewhere
        # A template may be meant for workflows that have such an argument.
        severity: Severity = "warning" if self.spec.document.is_template else "error"
        return Problem(f"the workflow has no argument '{path[2][:128]}'", path[2], known, severity=severity)

    def _node(self, path: tuple[str, ...]) -> Problem | None:
        root, name, what = path[0], path[1:2], path[2:3]
        if not name or name == ("name",):
            return None
        if not self.template.has("dag" if root == "tasks" else "steps") and not self.is_anywhere:
            return Problem(f"this is not among {root}, so it sees none", expected="an input, which its caller fills")
        if name[0] not in self.every:
            return (
                None
                if self.is_anywhere
                else Problem(f"there is no '{name[0][:128]}' among the {root}", name[0], self.every)
            )
        if name[0] not in self.done:
            expected = f"depends: {name[0]}.Succeeded" if root == "tasks" else "a step of an earlier group"
            return Problem(f"'{name[0]}' may not be done yet: nothing here waits for it", expected=expected)
        if what and what[0] not in NODE:
            return Problem(f"{root} have no '{what[0][:60]}'", what[0], NODE)
        return self._output(self.every[name[0]], path) if what == ("outputs",) else None

    def _output(self, caller: Node, path: tuple[str, ...]) -> Problem | None:
        port, name = path[3:4], path[4:5]
        if port and port[0] not in (*_PORTS, "result", "exitCode"):
            return Problem(f"outputs have no '{port[0][:60]}'", port[0], (*_PORTS, "result"))
        callee = self.bundle.callee(Call(self.spec, self.template, caller))
        if callee is None:
            return None
        if port == ("result",) and callee.has("dag", "steps"):
            return Problem(f"'{path[1]}' runs a DAG or steps, which have no result", expected="outputs.parameters.NAME")
        if not name or port[0] not in _PORTS:
            return None
        known = [entry.name for entry in callee.at("outputs", port[0]).entries()]
        message = f"the template of '{path[1]}' has no output {port[0][:-1]} '{name[0][:128]}'"
        return None if name[0] in known else Problem(message, name[0], known)
