"""What a task asks of the place where it runs. Frozen; later layers read it, nobody changes it."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.errors import AuthoringError

_CPU = re.compile(r"\d+(\.\d+)?|\d+m")
_MEMORY = re.compile(r"\d+(\.\d+)?(e\d+|[EPTGMk]|[EPTGMK]i)?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")

_TEXT, _WHOLE, _NUMBER, _FLAG, _MAPPING = "a text", "a whole number", "a number", "True or False", "a dict of texts"
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    **dict.fromkeys(
        ("name", "display_name", "image", "cpu", "memory", "gpu_type", "cache_key", "together"), (_TEXT, (str,))
    ),
    **dict.fromkeys(("gpu", "retries"), (_WHOLE, (int,))),
    **dict.fromkeys(("backoff_s", "backoff_factor", "backoff_max_s", "timeout_s"), (_NUMBER, (int, float))),
    **dict.fromkeys(("cache", "ignore_upstream_failure"), (_FLAG, (bool,))),
    **dict.fromkeys(("environment", "secrets", "node_selector"), (_MAPPING, (Mapping,))),
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one task. None means: not said here, take the component's or the back end's.

    Attributes:
        name: the task's name in its group; lower case letters, digits and dashes.
        display_name: what a page shows instead.
        image: container image.
        cpu, memory: limits, as Kubernetes quantities ("2", "500m"; "4Gi").
        gpu: number of accelerators.
        gpu_type: accelerator resource name.
        retries: how often a failed attempt is repeated.
        backoff_s: pause before the first repetition.
        backoff_factor: growth of the pause.
        backoff_max_s: longest pause.
        timeout_s: an attempt that takes longer is ended and has failed.
        cache: whether an earlier result with the same inputs may be used.
        cache_key: a key of the author's own instead of the computed one.
        environment: environment variables, name to value.
        secrets: environment variables taken from secrets, name to "secret/key".
        node_selector: labels that the node must carry.
        ignore_upstream_failure: run even if a task before it failed.
        together: name of a group of tasks of the same pipeline, loop or branch that share a pod, where tasks have one.
        after: tasks (their values, or their names) that must end first.
    """

    name: str | None = None
    display_name: str | None = None
    image: str | None = None
    cpu: str | None = None
    memory: str | None = None
    gpu: int | None = None
    gpu_type: str | None = None
    retries: int | None = None
    backoff_s: float | None = None
    backoff_factor: float | None = None
    backoff_max_s: float | None = None
    timeout_s: float | None = None
    cache: bool | None = None
    cache_key: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    ignore_upstream_failure: bool | None = None
    together: str | None = None
    after: tuple[Any, ...] = ()

    def merged(self, other: Options) -> Options:
        """These options with everything that `other` says laid over them; mappings are joined."""
        changes: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if isinstance(mine, Mapping):
                changes[item.name] = {**mine, **theirs}
            elif item.name == "after":
                changes[item.name] = (*mine, *theirs)
            else:
                changes[item.name] = mine if theirs is None else theirs
        return Options(**changes)

    def problems(self) -> list[str]:
        """Each value that breaks a rule, with the rule; only those of a wrong type, if there are any."""
        found = self._type_problems()
        if found:
            return found
        if self.name is not None and not _NAME.fullmatch(self.name):
            found.append(f"name must be lower case letters, digits and inner dashes, but got {self.name!r}")
        if self.together is not None and not _NAME.fullmatch(self.together):
            found.append(f"together must be lower case letters, digits and inner dashes, but got {self.together!r}")
        if self.cpu is not None and not _CPU.fullmatch(self.cpu):
            found.append(f"cpu must be a Kubernetes quantity such as '2' or '500m', but got {self.cpu!r}")
        if self.memory is not None and not _MEMORY.fullmatch(self.memory):
            found.append(f"memory must be a Kubernetes quantity such as '4Gi' or '512M', but got {self.memory!r}")
        for label, value, lowest in (
            ("gpu", self.gpu, 0),
            ("retries", self.retries, 0),
            ("backoff_s", self.backoff_s, 0),
            ("backoff_factor", self.backoff_factor, 1),
            ("backoff_max_s", self.backoff_max_s, 0),
        ):
            if value is not None and value < lowest:
                found.append(f"{label} >= {lowest} must hold, but got {value}")
        if self.timeout_s is not None and self.timeout_s <= 0:
            found.append(f"timeout_s > 0 must hold, but got {self.timeout_s}")
        for variable, reference in self.secrets.items():
            if reference.count("/") != 1 or reference.startswith("/") or reference.endswith("/"):
                found.append(f"secret {variable!r} must be 'secret-name/key', but got {reference!r}")
        return found

    def _type_problems(self) -> list[str]:
        found: list[str] = []
        for label, (kind, types) in _TYPES.items():
            value = getattr(self, label)
            if value is None:
                continue
            if (
                not isinstance(value, types)
                or (isinstance(value, bool) and bool not in types)
                or (isinstance(value, float) and not math.isfinite(value))
            ):
                found.append(f"{label} must be {kind}, but got {value!r}")
            elif isinstance(value, Mapping):
                for key, text in value.items():
                    if not isinstance(key, str) or not isinstance(text, str):
                        found.append(f"{label} maps strings to strings, but got {key!r}: {text!r}")
        return found


def make_options(values: dict[str, Any], *, where: str, what: str) -> Options:
    """Options from keyword arguments, quantities as numbers or strings.

    Raises:
        AuthoringError: E106, an unknown option or a value that breaks a rule.
    """
    known = {item.name for item in dataclasses.fields(Options)}
    unknown = [name for name in values if name not in known]
    if unknown:
        import difflib

        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"options are: {', '.join(sorted(known))}"
        raise AuthoringError("E106", f"{what} has an unknown option '{unknown[0]}'", where=where, hint=hint)
    values = {name: value for name, value in values.items() if value is not None}
    for name in ("cpu", "memory"):
        if isinstance(values.get(name), (int, float)) and not isinstance(values[name], bool):
            values[name] = str(values[name])
    if "after" in values:
        after = values["after"]
        values["after"] = tuple(after) if isinstance(after, (list, tuple)) else (after,)
    options = Options(**values)
    problems = options.problems()
    if problems:
        raise AuthoringError("E106", f"{what} has an option with a wrong value", where=where, got="; ".join(problems))
    return options


CONTAINER_OPTIONS = (
    "image",
    "cpu",
    "memory",
    "gpu",
    "gpu_type",
    "timeout_s",
    "environment",
    "secrets",
    "node_selector",
)
"""Options that ask something of one container."""


def refuse_container_options(values: Mapping[str, Any], *, where: str, what: str) -> None:
    """Check that nothing is asked of a pipeline that only a step can have.

    Raises:
        AuthoringError: E106, an option that would be ignored.
    """
    found = [name for name in CONTAINER_OPTIONS if values.get(name) is not None]
    if found:
        raise AuthoringError(
            "E106",
            f"{what} has no container of its own, so it cannot have the option '{found[0]}'",
            where=where,
            hint="give the option to its components",
        )
