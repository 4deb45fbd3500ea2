"""What is searched: a few typed parameters, each inside the limits of the training's own hyperparameter.

Standard library and milonga's errors only; does not know the optimiser.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NoReturn

from milonga.components.training.settings import NETWORK_SETTINGS, Setting, Value, find_setting
from milonga.errors import UsageError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One dimension of the search.

    Attributes:
        name: of a hyperparameter of `train`, other than epochs.
        kind: `float`, `int` or `categorical`.
        low: least value of a number.
        high: greatest value of a number, itself included.
        log: whether the logarithm is searched evenly; not together with `step`.
        step: distance of the values from `low` on; None for all values (integers: all integers).
        choices: values of a categorical.
    """

    name: str
    kind: Literal["float", "int", "categorical"]
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    choices: tuple[Value, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields that this kind has."""
        value = {**asdict(self), "choices": list(self.choices)}
        unused = ("low", "high", "log", "step") if self.kind == "categorical" else ("choices",)
        return {name: item for name, item in value.items() if name not in unused}

    def nearest(self, value: Any) -> Value:
        """The value of this parameter nearest to `value`; the first choice where `value` is no choice."""
        if self.low is None or self.high is None:
            return value if value in self.choices else self.choices[0]
        number = min(max(float(value), self.low), self.high)
        if self.step is not None:
            number = self.low + round((number - self.low) / self.step) * self.step
        return round(number) if self.kind == "int" else number


DEFAULT_SPACE: tuple[Parameter, ...] = (
    Parameter("learning_rate", "float", low=5e-4, high=2e-2, log=True),
    Parameter("weight_decay", "float", low=1e-4, high=3e-1, log=True),
    Parameter("label_smoothing", "float", low=0.0, high=0.2),
    Parameter("batch_size", "categorical", choices=(32, 64, 128)),
    Parameter("augment", "categorical", choices=("none", "shift")),
)


def parse_space(space: Mapping[str, Any] | None) -> tuple[Parameter, ...]:
    """The parameters in `space`, or the default ones for None.

    Args:
        space: name -> object with `kind` and, as the kind needs, `low`, `high`, `log`, `step`, `choices`; such as
            `{"learning_rate": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True}}`.

    Returns:
        The parameters, sorted by name, since the order of an object's members carries no meaning in JSON.

    Raises:
        UsageError: E960 (a name that is no hyperparameter), E962 (the space or a parameter of it is wrong).
    """
    if space is None:
        return tuple(sorted(DEFAULT_SPACE, key=lambda parameter: parameter.name))
    if not space:
        _fail("space", "the search space is empty", space, "one parameter or more")
    return tuple(_parse(str(name), space[name]) for name in sorted(space))


def _parse(name: str, spec: Any) -> Parameter:
    where = f"space.{name}"
    setting = find_setting(NETWORK_SETTINGS, name)
    if name == "epochs":
        _fail(where, "epochs cannot be searched: all trials train equally long", spec, "the argument epochs of tune")
    if not isinstance(spec, Mapping):
        _fail(where, "a parameter must be an object", spec, '{"kind": ..., ...}')
    known = [item.name for item in fields(Parameter) if item.name != "name"]
    for member in spec:
        if member not in known:
            near = difflib.get_close_matches(str(member), known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else ""
            _fail(f"{where}.{member}", "unknown member of a parameter", member, "one of " + ", ".join(known), hint=hint)
    kind = spec.get("kind")
    if kind == "categorical":
        return _categorical(name, setting, spec, where=where)
    if kind not in ("float", "int"):
        _fail(f"{where}.kind", "unknown kind of parameter", kind, "one of float, int, categorical")
    if setting.kind == "choice" or (kind == "float" and setting.kind == "int"):
        allowed = "categorical" if setting.kind == "choice" else "int or categorical"
        _fail(f"{where}.kind", f"'{name}' cannot be searched as {kind}", kind, allowed)
    return _number(name, "int" if kind == "int" else "float", setting, spec, where=where)


def _categorical(name: str, setting: Setting, spec: Mapping[str, Any], *, where: str) -> Parameter:
    _refuse(spec, ("low", "high", "log", "step"), kind="categorical", where=where)
    choices = spec.get("choices")
    if not isinstance(choices, (list, tuple)) or len(choices) < 2:
        _fail(f"{where}.choices", "too few choices", choices, "a list of two values or more")
    checked = tuple(_checked(setting, choice, where=f"{where}.choices") for choice in choices)
    if len(set(checked)) != len(checked):
        _fail(f"{where}.choices", "a choice is repeated", choices, "different values")
    return Parameter(name, "categorical", choices=checked)


def _number(
    name: str, kind: Literal["float", "int"], setting: Setting, spec: Mapping[str, Any], *, where: str
) -> Parameter:
    _refuse(spec, ("choices",), kind=kind, where=where)
    ends: dict[str, float] = {}
    for end in ("low", "high"):
        value = _checked(setting, spec.get(end), where=f"{where}.{end}")
        if kind == "int" and value != int(value):
            _fail(f"{where}.{end}", "an end of an integer range is no integer", value, "an integer")
        ends[end] = int(value) if kind == "int" else float(value)
    low, high = ends["low"], ends["high"]
    if low >= high:
        _fail(where, "the range is empty", f"low {low:g}, high {high:g}", "low below high")
    log = spec.get("log", False)
    if not isinstance(log, bool):
        _fail(f"{where}.log", "not a boolean", log, "true or false")
    if log and low <= 0:
        _fail(f"{where}.low", "a logarithmic range must lie above 0", low, "a number above 0")
    step = spec.get("step")
    if step is not None:
        _check_step(step, low, high, log=log, kind=kind, where=f"{where}.step")
    return Parameter(name, kind, low=low, high=high, log=log, step=step)


def _check_step(step: Any, low: float, high: float, *, log: bool, kind: str, where: str) -> None:
    if log:
        _fail(where, "a logarithmic range has no step", step, "either log or step")
    wrong_type = isinstance(step, bool) or not isinstance(step, (int, float)) or not math.isfinite(step)
    if wrong_type or step <= 0 or (kind == "int" and step != int(step)):
        _fail(where, "the step has a wrong value", step, f"{'an integer' if kind == 'int' else 'a number'} above 0")
    count = (high - low) / step
    if abs(count - round(count)) > 1e-9 * max(1.0, count) or round(count) < 1:
        _fail(where, "the steps do not end at high", f"low {low:g}, high {high:g}, step {step:g}", "a step that does")


def _checked(setting: Setting, value: Any, *, where: str) -> Any:
    try:
        return setting.check(value)
    except UsageError as reason:
        _fail(where, "a value that this hyperparameter cannot take", value, reason.expected)


def _refuse(spec: Mapping[str, Any], names: tuple[str, ...], *, kind: str, where: str) -> None:
    for name in names:
        if name in spec:
            _fail(f"{where}.{name}", f"a parameter of kind {kind} has no {name}", spec[name], "this member left out")


def _fail(where: str, message: str, got: Any, expected: str, *, hint: str = "") -> NoReturn:
    raise UsageError("E962", message, where=where, got=repr(got)[:200], expected=expected, hint=hint)
