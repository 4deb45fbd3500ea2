"""Where a reference's value lives, seen from the scope that wants it."""

from __future__ import annotations

from typing import Any

from milonga.compiler.trace.scopes import CHANNEL, Scope, Value
from milonga.dsl.places import Place
from milonga.dsl.recording import Group, Recorder, TaskCall
from milonga.dsl.references import CollectedReference, OneOfReference, Reference, TaskOutputs


class Locator:
    """Finds values of one pipeline. A value that cannot be reached becomes a finding, and None."""

    def __init__(self, scopes: dict[Group, Scope], recorder: Recorder) -> None:
        self.scopes = scopes
        self.recorder = recorder
        self.loop_items: dict[Group, Value] = {}
        self._one_ofs: dict[tuple[tuple[int, str, str], ...], Value] = {}

    def locate(self, reference: Reference, wanted_in: Scope, *, place: Place) -> Value | None:
        """The value of `reference` in the innermost scope around `wanted_in` that has it.

        Args:
            reference: what is wanted.
            wanted_in: where it is wanted.
            place: the author's line that wants it, for a finding.
        """
        if isinstance(reference, CollectedReference):
            return self._collected(reference, wanted_in, place)
        if isinstance(reference, OneOfReference):
            return self._check_reach(self._one_of(reference, place), reference, wanted_in, place)
        return self._check_reach(self._native(reference, place), reference, wanted_in, place)

    def task_named(self, other: Any) -> TaskCall | None:
        """The task behind an `after` entry: a value of the pipeline's body, or a name."""
        if isinstance(other, TaskOutputs):
            return other._task
        if isinstance(other, Reference):
            return other.source if isinstance(other.source, TaskCall) else None
        return next((task for task in self.recorder.tasks if task.name == other), None)

    def _native(self, reference: Reference, place: Place) -> Value | None:
        """The value in the scope that makes it."""
        source = reference.source
        if isinstance(source, TaskCall):
            if source.group not in self.scopes:
                self.recorder.add_finding(
                    "E145",
                    f"{reference.label} belongs to another pipeline",
                    place=place,
                    hint="pass it as an input of this pipeline",
                )
                return None
            return Value(self.scopes[source.group], source.name, reference.output, self._declared(reference, source))
        if source.kind == "loop":
            return self.loop_items.get(source)
        if source is not self.recorder.root:
            self.recorder.add_finding(
                "E145",
                f"{reference.label} belongs to another pipeline",
                place=place,
                hint="pass it as an input of this pipeline",
            )
            return None
        return Value(self.scopes[source], "", reference.output, self._root_schema(reference))

    @staticmethod
    def _declared(reference: Reference, source: TaskCall) -> Any:
        """The type of the whole output, of which the reference may be a part."""
        outputs = {output.name: output.schema for output in source.component.signature.outputs}
        return outputs.get(reference.output, reference.schema)

    def _root_schema(self, reference: Reference) -> Any:
        declared = self.recorder.root_inputs.get(reference.output)
        return declared if declared is not None else reference.schema

    def _check_reach(self, value: Value | None, reference: Reference, wanted_in: Scope, place: Place) -> Value | None:
        if value is None or wanted_in.is_inside(value.scope):
            return value
        outward = self._leave_exit_groups(value, wanted_in)
        if outward is not None:
            return outward
        barrier = next(
            scope
            for scope in reversed(value.scope.chain_from(self.scopes[self.recorder.root]))
            if not wanted_in.is_inside(scope) and scope.group.kind in ("loop", "branch", "branches")
        )
        kind = barrier.group.kind
        what, hint = (
            ("loop", "collect it: ml.Collected(...)")
            if kind == "loop"
            else ("branch", "use ml.OneOf(...) with a value from each branch, Else included")
        )
        self.recorder.add_finding(
            "E140", f"{reference.label} is used outside of its {what} '{barrier.group.name}'", place=place, hint=hint
        )
        return None

    def _leave_exit_groups(self, value: Value, wanted_in: Scope) -> Value | None:
        """What an exit task guards may be used after it: its group is no branch and no loop."""
        while not wanted_in.is_inside(value.scope):
            if value.scope.group.kind != "exit":
                return None
            value = value.scope.export_value(value)
        return value

    def _collected(self, reference: CollectedReference, wanted_in: Scope, place: Place) -> Value | None:
        inner = reference.inner
        value = self._one_of(inner, place) if isinstance(inner, OneOfReference) else self._native(inner, place)
        if value is None:
            return None
        if inner.selector:
            self.recorder.add_finding(
                "E146", f"Collected of a part of {inner.label}", place=place, hint="collect the whole value"
            )
            return None
        loops = [scope for scope in value.scope.chain_from(self.scopes[self.recorder.root]) if scope.is_loop]
        left = sum(not wanted_in.is_inside(scope) for scope in loops)
        if left and left != reference.depth:
            self.recorder.add_finding(
                "E147",
                f"{reference.label} is used outside of one more loop than it was collected for",
                place=place,
                hint="write Collected where the value is used",
            )
            return None
        if not left or not value.producer:
            self.recorder.add_finding(
                "E147",
                f"{reference.label} is not made in a loop that has ended here",
                place=place,
                hint="use Collected outside of the ParallelFor, with an output of a task inside of it",
            )
            return None
        while not wanted_in.is_inside(value.scope):
            value = value.scope.export_value(value)
        return value

    def _one_of(self, reference: OneOfReference, place: Place) -> Value | None:
        natives = [self._native(alternative, place) for alternative in reference.alternatives]
        if any(native is None for native in natives):
            return None
        values = [native for native in natives if native is not None]
        key = tuple((id(value.scope), value.producer, value.key) for value in values)
        if key in self._one_ofs:
            return self._one_ofs[key]
        branches = self._branches_of(values)
        problem = self._one_of_problem(values, branches)
        if problem or branches is None:
            self.recorder.add_finding("E148", f"{reference.label}: {problem}", place=place)
            return None
        outer = self.scopes[branches]
        exported = []
        for value in values:
            while value.scope is not outer:
                value = value.scope.export_value(value)
            exported.append(value)
        if outer.parent is None or outer.draft is None:
            return None
        count = sum(1 for known in self._one_ofs.values() if known.producer == outer.draft.name) + 1
        name = f"{CHANNEL}{outer.draft.name}-oneof-{count}"
        outer.declare_output(name, reference.schema, exported)
        made = Value(outer.parent, outer.draft.name, name, reference.schema)
        self._one_ofs[key] = made
        return made

    @staticmethod
    def _branches_of(values: list[Value]) -> Group | None:
        """The innermost If chain around all values."""
        chains = [[group for group in value.scope.group.ancestors() if group.kind == "branches"] for value in values]
        return next((group for group in chains[0] if all(group in chain for chain in chains)), None) if chains else None

    def _one_of_problem(self, values: list[Value], branches: Group | None) -> str:
        if branches is None:
            return "its values do not come from the branches of one If"
        if not branches.has_else:
            return "the If has no Else, so it may be that no branch runs"
        used = []
        for value in values:
            chain = list(value.scope.group.ancestors())
            branch = chain[chain.index(branches) - 1]
            if any(group.kind == "loop" for group in chain[: chain.index(branches)]):
                return "a value comes from a loop inside a branch"
            inner = chain[: chain.index(branches) - 1]
            if any(group.kind == "branch" for group in inner):
                return "a value comes from an If inside a branch; use OneOf there first"
            used.append(branch)
        missing = [child.name for child in branches.children if isinstance(child, Group) and child not in used]
        if missing:
            return f"no value from {', '.join(missing)}"
        if len(set(map(id, used))) != len(used):
            return "two values from one branch"
        return ""
