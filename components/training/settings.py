"""The hyperparameters that a training takes: names, defaults, limits. One place for `train`, `train_table` and `tune`.

This module imports the standard library and milonga's errors only.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from milonga.errors import UsageError

Value = int | float | str | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One hyperparameter.

    Attributes:
        name: what users write.
        kind: `int`, `float` or `choice`.
        default: value unless another one is given.
        low: least value of a number.
        high: greatest value of a number.
        choices: texts that a choice may take.
        nullable: whether None is allowed; it stands for "no limit".
    """

    name: str
    kind: Literal["int", "float", "choice"]
    default: Value
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        article = "an integer" if self.kind == "int" else "a number"
        return f"{article} from {self.low:g} to {self.high:g}" + (", or null" if self.nullable else "")

    def check(self, value: Any) -> Value:
        """`value` in this setting's type.

        An integral float is taken for an integer, since numbers that passed through KFP's Struct are all floats.

        Raises:
            UsageError: E961, wrong type or out of range.
        """
        if value is None and self.nullable:
            return None
        if self.kind == "choice":
            if isinstance(value, str) and value in self.choices:
                return value
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high:
            if self.kind == "float":
                return float(value)
            if float(value).is_integer():
                return int(value)
        message = f"hyperparameter '{self.name}' has a wrong value"
        raise UsageError("E961", message, where=self.name, got=repr(value)[:200], expected=self.expected)


AUGMENTATIONS = ("none", "shift", "flip")

NETWORK_SETTINGS: tuple[Setting, ...] = (
    Setting("epochs", "int", 12, low=1, high=10_000),
    # A batch of one has no variance for batch norm to divide by.
    Setting("batch_size", "int", 64, low=2, high=65_536),
    Setting("learning_rate", "float", 3e-3, low=1e-8, high=10.0),
    Setting("weight_decay", "float", 1e-2, low=0.0, high=10.0),
    Setting("label_smoothing", "float", 0.05, low=0.0, high=0.9),
    Setting("augment", "choice", "shift", choices=AUGMENTATIONS),
)

# Names and meanings are scikit-learn's: https://scikit-learn.org/stable/api/index.html
ESTIMATOR_SETTINGS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    (
        "logistic",
        (
            Setting("C", "float", 1.0, low=1e-9, high=1e9),
            Setting("max_iter", "int", 1000, low=1, high=1_000_000),
        ),
    ),
    (
        "forest",
        (
            Setting("n_estimators", "int", 200, low=1, high=100_000),
            Setting("max_depth", "int", None, low=1, high=10_000, nullable=True),
            Setting("min_samples_leaf", "int", 1, low=1, high=1_000_000),
            Setting("max_features", "float", None, low=1e-6, high=1.0, nullable=True),
        ),
    ),
    (
        "boosting",
        (
            Setting("max_iter", "int", 100, low=1, high=100_000),
            Setting("learning_rate", "float", 0.1, low=1e-6, high=10.0),
            Setting("max_leaf_nodes", "int", 31, low=2, high=1_000_000),
            Setting("min_samples_leaf", "int", 20, low=1, high=1_000_000),
            Setting("l2_regularization", "float", 0.0, low=0.0, high=1e9),
        ),
    ),
)


def resolve(
    settings: tuple[Setting, ...], named: Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> dict[str, Value]:
    """All settings with their values: `overrides` before `named` before the defaults; in the order of `settings`.

    Raises:
        UsageError: E960 (a name that is no setting), E961 (a wrong value).
    """
    given = {**named, **(overrides or {})}
    for name in given:
        find_setting(settings, name)
    return {setting.name: setting.check(given.get(setting.name, setting.default)) for setting in settings}


def find_setting(settings: tuple[Setting, ...], name: str) -> Setting:
    """The setting called `name`.

    Raises:
        UsageError: E960, there is none; the hint names the nearest.
    """
    names = [setting.name for setting in settings]
    if name in names:
        return settings[names.index(name)]
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    raise UsageError(
        "E960",
        f"'{name}' is no hyperparameter of this training",
        where="hyperparameters",
        got=repr(name),
        expected="one of " + ", ".join(names),
        hint=f"did you mean '{near[0]}'?" if near else "",
    )


@dataclass(frozen=True, slots=True)
class NetworkHyperparameters:
    """What shapes the training of a network; see `component.train` for units and ranges."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    augment: Literal["none", "shift", "flip"]

    @classmethod
    def of(cls, named: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> NetworkHyperparameters:
        """The checked values; `overrides` before `named` before the defaults.

        Raises:
            UsageError: E960 (an unknown name), E961 (a wrong value).
        """
        values: dict[str, Any] = dict(resolve(NETWORK_SETTINGS, named, overrides))
        return cls(**values)
