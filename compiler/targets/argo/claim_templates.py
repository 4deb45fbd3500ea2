"""Templates of the steps that make or remove a volume claim.

KFP's images for them, `argostub/createpvc` and `argostub/deletepvc`, do not exist: whoever runs the pipeline asks the
API server itself. Here a `resource` template does. Its manifest is JSON; values of the run are put in as JSON texts
that Argo writes anew, so that none of them can end its string or be taken for a template.
"""

from __future__ import annotations

import json
import re
from typing import Any

from milonga.compiler.graph.document_value import document_value
from milonga.compiler.graph.task import Task
from milonga.compiler.targets.argo.control.channels import Channels
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.compiler.targets.argo.places import Place
from milonga.compiler.targets.argo.retries import retry_strategy
from milonga.compiler.targets.argo.step_kinds import StepKind
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.claims import claim_digest
from milonga.runtime.argo.text import literal, made_safe, tag

CLAIM_NAME = "name"
"""What KFP calls the output that names the claim."""

_WITHOUT_WAIT = '{"containers":[{"name":"wait","$patch":"delete"}]}'
"""The patch of all pods speaks of a container that the pods of resources do not have (seen on 3.7.18)."""

_EMPTY = (None, "")
_BELOW_PAIRS = re.compile(r"[\x7f-\uffff]")


class ClaimTemplates:
    """Makes the template of each step about a claim. Not thread-safe; one belongs to one emission."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def step(self, place: Place, task: Task, kind: StepKind) -> dict[str, Any]:
        """The template of a step, without a name: all that is special to it comes as the manifest, in `m`.

        Raises:
            UnsupportedByTarget: E319, pauses between attempts that Argo cannot make.
        """
        template: dict[str, Any] = {
            "inputs": {"parameters": [{"name": "t"}, {"name": "m"}, {"name": "i", "value": ""}]},
            "podSpecPatch": _WITHOUT_WAIT,
            "resource": {**self._action(place, kind), "manifest": "{{inputs.parameters.m}}"},
        }
        retry = retry_strategy(task, place.path)
        if retry:
            template["retryStrategy"] = retry
        outputs = [
            {"name": slug, "valueFrom": {"jsonPath": "{.metadata.name}", "default": ""}}
            for slug, (name, _) in sorted(self._channels.outputs.get(place, {}).items())
            if name == CLAIM_NAME
        ]
        return {**template, "outputs": {"parameters": outputs}} if outputs else template

    def _action(self, place: Place, kind: StepKind) -> dict[str, Any]:
        """A claim with a name of its own is made by `create`, which fails when there is one. One that is named after
        the run can be there only because an attempt before has made it, so `apply` takes that. Where one is removed,
        nobody waits for the end of the pods that still use it, as on KFP."""
        if kind == "delete-claim":
            return {"action": "delete", "flags": ["--wait=false"]}
        name = self._value(place, "pvc_name")
        is_generated = not name.expression and name.constant in _EMPTY
        return {"action": "apply" if is_generated else "create", "setOwnerReference": False}

    def manifest(self, place: Place, kind: StepKind) -> str:
        """The claim as a JSON text with tags, to stand in the arguments of the task.

        Raises:
            UnsupportedByTarget: E317, the claim cannot be made; E318, it depends on a value that Argo cannot compute.
        """
        if place.is_iteration:
            raise UnsupportedByTarget(
                "E317",
                "a step about a volume claim is a loop by itself",
                where=place.path,
                hint="put it into the body of a loop",
            )
        name = self._value(place, "pvc_name")
        if kind == "create-claim":
            return self._made(place, name)
        if not name.expression and name.constant in _EMPTY:
            raise UnsupportedByTarget("E317", "a step removes a volume claim, and nothing says which", where=place.path)
        return _claim(f'{{"name":{_json(name)}}}', "")

    def _made(self, place: Place, name: Value) -> str:
        suffix = self._value(place, "pvc_name_suffix")
        if not any(not value.expression and value.constant in _EMPTY for value in (name, suffix)):
            raise UnsupportedByTarget(
                "E317",
                "a volume claim with both a name and the end of a generated one",
                where=place.path,
                expected="one of pvc_name and pvc_name_suffix",
            )
        size, modes = self._value(place, "size"), self._value(place, "access_modes")
        for what, value in (("size", size), ("access_modes", modes)):
            if not value.expression and not value.constant:
                raise UnsupportedByTarget("E317", f"a volume claim without {what}", where=place.path)
        metadata = f'{{"name":{_name(place, name, suffix)}{_member("annotations", self._value(place, "annotations"))}}}'
        spec = "".join(
            [
                f'{{"accessModes":{_json(modes)},"resources":{{"requests":{{"storage":{_json(size)}}}}}',
                _member("storageClassName", self._value(place, "storage_class_name")),
                _member("volumeName", self._value(place, "volume_name"), is_text=True),
                _member("dataSource", self._value(place, "data_source")),
                "}",
            ]
        )
        return _claim(metadata, f',"spec":{spec}')

    def _value(self, place: Place, name: str) -> Value:
        """An input of the step, in the template of its DAG."""
        declared = place.component.input_parameters.get(name)
        kind = (declared.parameter_type if declared is not None else None) or ""
        default = document_value(declared.default_value) if declared is not None else None
        try:
            value = self._channels.bound(place, name)
            return (value if default is None else value.or_default(default)).as_kind(kind)
        except Inexpressible as reason:
            raise UnsupportedByTarget(
                "E318",
                "a volume claim depends on a value that Argo cannot compute",
                where=place.path,
                got=f"{name}: {reason}",
                hint="let a component of its own compute it, and take its output",
            ) from None


def _claim(metadata: str, more: str) -> str:
    return f'{{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{metadata}{more}}}'


def _name(place: Place, name: Value, suffix: Value) -> str:
    """The JSON text of the claim's name; what `milonga.runtime.argo.claims` says of it."""
    if not name.expression and name.constant not in _EMPTY:
        return _constant(name.constant)
    parts = ["workflow.name", literal(f"-{claim_digest(place.slug)}")]
    parts += ["replace(inputs.parameters.i, '/', '-')"] if place.depth else []
    parts += [_ending(suffix)] if suffix.expression or suffix.constant else []
    generated = " + ".join(parts)
    if name.expression:
        generated = f"({name.parsed} in [nil, ''] ? {generated} : {name.parsed})"
    return tag(made_safe(f"toJson({generated})"))


def _ending(suffix: Value) -> str:
    if suffix.expression:
        text = suffix.parsed
        return f"({text} in [nil, ''] ? '' : (hasPrefix({text}, '-') ? {text} : '-' + {text}))"
    return literal("-" + str(suffix.constant).removeprefix("-"))


def _json(value: Value) -> str:
    """A value as JSON text in the manifest."""
    if not value.expression:
        return _constant(value.constant)
    return tag(made_safe(f"toJson({value.parsed})"))


def _constant(value: Any) -> str:
    """A constant as JSON text that YAML reads as well: Argo looks at the manifest with a reader of YAML, which takes no
    pairs of surrogates (seen on 3.7.18)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("{{", r"\u007b\u007b")
    return _BELOW_PAIRS.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("$", r"\u0024"))


def _member(name: str, value: Value, *, is_text: bool = False) -> str:
    """A further member of an object, nothing for a value that was not given: `apply` takes null for a wish.

    Args:
        name: of the member.
        value: of it.
        is_text: whether "" is no value either.
    """
    absent = _EMPTY if is_text else (None,)
    if not value.expression:
        return "" if value.constant in absent else f',"{name}":{_constant(value.constant)}'
    is_absent = f"{value.parsed} in [nil, '']" if is_text else f"{value.text} == 'null'"
    return tag(f"{is_absent} ? '' : ',\"{name}\":' + " + made_safe(f"toJson({value.parsed})"))
