"""The one JSON form of all contract files, and a reader that says which field is wrong.

Written: UTF-8, sorted keys, two spaces of indent, one newline at the end, no NaN or infinity (RFC 8259 has none):
same content, same bytes. Read: `Fields` hands out typed values and raises one `MilongaError` with the file and the
field's path. Every contract class of this folder goes through this module.

This module imports the standard library only. It does not know any particular contract.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from milonga.errors import DataError, MilongaError


def encode_json(value: Any) -> str:
    """The canonical text of `value`, which must be JSON-serialisable.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: a value has no JSON form.
    """
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write the canonical form of `value` to `path`: completely, or not at all.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: a value has no JSON form.
    """
    text = encode_json(value)
    beside = path.with_name(f".{path.name}.partial")
    beside.write_bytes(text.encode("utf-8"))
    beside.replace(path)


def read_json(path: Path, *, format: str, error: type[MilongaError] = DataError, prefix: str = "E52") -> Fields:
    """The JSON object in the file `path`, checked to be of `format`.

    Args:
        path: the file.
        format: what its field `format` must be, such as `milonga.dataset/1`.
        error: class of the error to raise; `DeviceError` for device contracts.
        prefix: first three characters of the error codes; the last digit is chosen here.

    Raises:
        DataError: or `error`, with code prefix + 0 (no such file), 1 (no JSON object), 2 (another format).
    """
    if not path.is_file():
        where = str(path)
        raise error(f"{prefix}0", f"the file '{path.name}' is missing", where=where, expected=f"a {format} file")
    try:
        value = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as reason:
        raise error(f"{prefix}1", f"'{path.name}' is no valid JSON file: {reason}", where=str(path)) from reason
    if not isinstance(value, dict):
        got = type(value).__name__
        raise error(f"{prefix}1", f"'{path.name}' holds no JSON object", where=str(path), got=got, expected="an object")
    if value.get("format") != format:
        message = f"'{path.name}' is of another format"
        raise error(f"{prefix}2", message, where=str(path), got=repr(value.get("format")), expected=format)
    return Fields(value, where=str(path), error=error, code=f"{prefix}3")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"the number {name} is not allowed")


class Fields:
    """A JSON object whose members are handed out typed; a wrong member raises one error that names its path.

    Args:
        value: the object.
        where: the file that it stands in.
        error: class of the errors.
        code: code of the errors.
        prefix: path of this object inside the file, such as `splits.`; "" for the whole file.
    """

    __slots__ = ("_code", "_error", "_prefix", "_where", "value")

    def __init__(
        self,
        value: dict[str, Any],
        *,
        where: str = "",
        error: type[MilongaError] = DataError,
        code: str = "E523",
        prefix: str = "",
    ) -> None:
        self.value = value
        self._where = where
        self._error = error
        self._code = code
        self._prefix = prefix

    def fail(self, name: str, got: Any, expected: str) -> NoReturn:
        """Raise the error that says what member `name` should have been."""
        raise self._error(
            self._code,
            f"field '{self._prefix}{name}' does not keep the contract",
            where=self._where,
            got=repr(got)[:200],
            expected=expected,
        )

    def raw(self, name: str) -> Any:
        """Member `name` as it is; an error when it is absent (null counts as present)."""
        if name not in self.value:
            self.fail(name, "nothing", "the field to be present")
        return self.value[name]

    def is_null(self, name: str) -> bool:
        """Whether member `name` is present and null."""
        return self.raw(name) is None

    def text(self, name: str, *, choices: Sequence[str] = ()) -> str:
        """A string; one of `choices` when there are any."""
        value = self.raw(name)
        if not isinstance(value, str):
            self.fail(name, value, "a string")
        if choices and value not in choices:
            self.fail(name, value, "one of " + ", ".join(choices))
        return value

    def integer(self, name: str, *, minimum: int | None = None) -> int:
        """An integer, at least `minimum`."""
        value = self.raw(name)
        if isinstance(value, bool) or not isinstance(value, int) or (minimum is not None and value < minimum):
            self.fail(name, value, "an integer" + ("" if minimum is None else f", at least {minimum}"))
        return value

    def number(self, name: str, *, minimum: float | None = None, maximum: float | None = None) -> float:
        """A finite number between `minimum` and `maximum`, both included."""
        value = self.raw(name)
        wrong = isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
        if wrong or (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            limits = [f"at least {minimum}"] if minimum is not None else []
            limits += [f"at most {maximum}"] if maximum is not None else []
            self.fail(name, value, ", ".join(["a finite number", *limits]))
        return float(value)

    def boolean(self, name: str) -> bool:
        """True or false."""
        value = self.raw(name)
        if not isinstance(value, bool):
            self.fail(name, value, "true or false")
        return value

    def optional_text(self, name: str, *, choices: Sequence[str] = ()) -> str | None:
        """A string or null."""
        return None if self.is_null(name) else self.text(name, choices=choices)

    def optional_integer(self, name: str, *, minimum: int | None = None) -> int | None:
        """An integer or null."""
        return None if self.is_null(name) else self.integer(name, minimum=minimum)

    def optional_number(self, name: str, *, minimum: float | None = None, maximum: float | None = None) -> float | None:
        """A finite number or null."""
        return None if self.is_null(name) else self.number(name, minimum=minimum, maximum=maximum)

    def texts(self, name: str, *, distinct: bool = False) -> tuple[str, ...]:
        """A list of strings, all different if `distinct`."""
        value = self._list(name)
        if not all(isinstance(item, str) for item in value):
            self.fail(name, value, "a list of strings")
        if distinct and len(set(value)) != len(value):
            self.fail(name, value, "a list without repeated items")
        return tuple(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """A list of finite numbers."""
        value = self._list(name)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, (int, float)) or not math.isfinite(item):
                self.fail(name, item, "a list of finite numbers")
        return tuple(float(item) for item in value)

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object of free content."""
        value = self.raw(name)
        if not isinstance(value, dict):
            self.fail(name, value, "an object")
        return dict(value)

    def fields(self, name: str) -> Fields:
        """A JSON object, to be read on with its own `Fields`."""
        return self._below(self.mapping(name), name)

    def optional_fields(self, name: str) -> Fields | None:
        """A JSON object or null."""
        return None if self.is_null(name) else self.fields(name)

    def items(self, name: str) -> tuple[Fields, ...]:
        """A list of JSON objects."""
        value = self._list(name)
        if not all(isinstance(item, dict) for item in value):
            self.fail(name, value, "a list of objects")
        return tuple(self._below(item, f"{name}[{index}]") for index, item in enumerate(value))

    def _list(self, name: str) -> list[Any]:
        value = self.raw(name)
        if not isinstance(value, list):
            self.fail(name, value, "a list")
        return value

    def _below(self, value: dict[str, Any], name: str) -> Fields:
        prefix = f"{self._prefix}{name}."
        return Fields(value, where=self._where, error=self._error, code=self._code, prefix=prefix)
