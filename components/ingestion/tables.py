"""Turn a table's columns into features and write the splits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.dataset_description import Feature, SplitName, SplitRule
from milonga.components.contracts.dataset_digest import fingerprints
from milonga.components.ingestion.splitting import Samples, assign_splits, emptied_on_error, write_samples
from milonga.components.ingestion.table_file import first_null, read_table, read_target
from milonga.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

Missing = Literal["error", "median"]


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A column of numbers: float32 `[n]`, NaN where the value is missing."""

    name: str
    dtype: str
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Texts:
    """A column of texts, None where the value is missing."""

    name: str
    values: list[str | None]


def read_table_file(
    data: DataSplits,
    source: Path,
    *,
    target: str,
    ignore: Sequence[str],
    missing: Missing,
    categories_max: int,
    rule: SplitRule,
    samples_min: int,
) -> None:
    """Write the table in `source` into `data`; on an error `data` stays empty. The table is held in memory.

    Raises:
        DataError: see `ingest_table`.
    """
    import numpy as np

    table = read_table(source)
    where = str(source)
    names = _feature_columns(table, target=target, ignore=ignore, where=where)
    labels = read_target(table.column(target), target, where=where)
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        got = f"only '{labels[0]}' in column '{target}'"
        raise DataError("E502", "a classifier needs two classes or more", where=where, got=got)
    columns = [_read_column(table.column(name), name, missing=missing, where=where) for name in names]
    splits = assign_splits(_row_keys(columns, len(labels)), rule)
    x, features = _encode(columns, splits, missing=missing, categories_max=categories_max, where=where)
    index = {name: position for position, name in enumerate(classes)}
    samples = Samples(
        x=x,
        y=np.array([index[label] for label in labels], dtype=np.int64),
        fingerprints=list(fingerprints(x)),
        splits=splits,
        classes=classes,
        image=None,
        features=features,
        skipped={},
    )
    with emptied_on_error(data.path):
        write_samples(data, samples, rule=rule, source=source.name, samples_min=samples_min)


def _feature_columns(table: pa.Table, *, target: str, ignore: Sequence[str], where: str) -> list[str]:
    present = table.column_names
    for name in (target, *ignore):
        if name not in present:
            shown = ", ".join(present[:20]) + (", ..." if len(present) > 20 else "")
            raise DataError("E510", f"there is no column '{name}'", where=where, got=shown, expected=f"'{name}'")
    names = [name for name in present if name != target and name not in ignore]
    if not names:
        raise DataError("E510", "no feature column is left", where=where, expected="one column beside the target")
    return names


def _read_column(column: pa.ChunkedArray, name: str, *, missing: Missing, where: str) -> _Numbers | _Texts:
    import numpy as np
    import pyarrow as pa
    import pyarrow.types as types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    row = first_null(column)
    if row is not None and missing == "error":
        raise DataError(
            "E507",
            f"column '{name}' has no value in row {row + 1}, and in {_null_count(column) - 1} more row(s)",
            where=where,
            got="a missing value",
            expected="a value in every row (rows are counted from 1, without a header)",
            hint="repair the data, or choose missing='median'",
        )
    if types.is_string(column.type) or types.is_large_string(column.type):
        return _Texts(name, column.to_pylist())
    dtypes = ((types.is_floating, "float"), (types.is_decimal, "float"), (types.is_integer, "integer"))
    dtype = next((kind for matches, kind in (*dtypes, (types.is_boolean, "boolean")) if matches(column.type)), "")
    if not dtype:
        expected = "numbers, booleans or text"
        if types.is_null(column.type):
            raise DataError("E507", f"column '{name}' has no value at all", where=where, expected=expected)
        hint = f"turn it into numbers, or ignore=['{name}']"
        raise DataError(
            "E511",
            f"column '{name}' cannot be a feature",
            where=where,
            got=str(column.type),
            expected=expected,
            hint=hint,
        )
    wide = column.cast(pa.uint8()) if dtype == "boolean" else column
    with np.errstate(over="ignore"):  # an overflow becomes infinite, which is the error below
        values = wide.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float32)
    infinite = np.isinf(values)
    if infinite.any():
        row = int(infinite.argmax())
        got = str(column[row].as_py())
        message = f"column '{name}' is infinite as float32 in row {row + 1}"
        raise DataError("E507", message, where=where, got=got, expected="a finite number")
    # Adding 0 makes -0.0 and 0.0 one value; the assignment makes every NaN the same bytes.
    values = values + np.float32(0)
    values[np.isnan(values)] = np.nan
    return _Numbers(name, dtype, values)


def _null_count(column: pa.ChunkedArray) -> int:
    import numpy as np

    return int(np.asarray(column.is_null(nan_is_null=True)).sum())


def _row_keys(columns: Sequence[_Numbers | _Texts], rows: int) -> list[bytes]:
    """SHA-256 of each row as it came, columns in the order of their names: filling and encoding have no influence."""
    import numpy as np

    ordered = sorted(columns, key=lambda column: column.name)
    numbers = [column.values for column in ordered if isinstance(column, _Numbers)]
    texts = [column.values for column in ordered if isinstance(column, _Texts)]
    block = np.stack(numbers, axis=1).astype("<f4") if numbers else np.zeros((rows, 0), dtype="<f4")
    keys = []
    for row in range(rows):
        words = json.dumps([column[row] for column in texts], ensure_ascii=False).encode() if texts else b""
        keys.append(hashlib.sha256(block[row].tobytes() + words).digest())
    return keys


def _encode(
    columns: Sequence[_Numbers | _Texts],
    splits: Sequence[SplitName],
    *,
    missing: Missing,
    categories_max: int,
    where: str,
) -> tuple[npt.NDArray[np.float32], tuple[Feature, ...]]:
    """Features in the order of the columns; the categories of a text column in sorted order."""
    import numpy as np

    train = np.array([split == "train" for split in splits], dtype=bool)
    parts: list[npt.NDArray[Any]] = []
    features: list[Feature] = []
    for column in columns:
        if isinstance(column, _Numbers):
            values, fill = column.values, None
            if missing == "median":
                values, fill = _fill(column, train, where=where)
            parts.append(values)
            features.append(Feature(column.name, column.dtype, column.name, fill=fill))
            continue
        categories = sorted({value for value in column.values if value is not None})
        if len(categories) > categories_max:
            got = f"{len(categories)} different texts, such as {categories[0]!r}"
            expected = f"at most {categories_max} (categories_max)"
            hint = f"if it is free text or an identifier: ignore=['{column.name}']"
            message = f"column '{column.name}' has too many categories"
            raise DataError("E513", message, where=where, got=got, expected=expected, hint=hint)
        for category in categories:
            parts.append(np.array([value == category for value in column.values], dtype=np.float32))
            features.append(Feature(f"{column.name}={category}", "category", column.name, category=category))
    if not features:
        raise DataError("E510", "no feature is left", where=where, expected="one column with a value beside the target")
    return np.stack(parts, axis=1).astype(np.float32), tuple(features)


def _fill(column: _Numbers, train: npt.NDArray[np.bool_], *, where: str) -> tuple[npt.NDArray[np.float32], float]:
    import numpy as np

    known = column.values[train & ~np.isnan(column.values)]
    if not len(known):
        message = f"column '{column.name}' has no value in the train split, so there is no median"
        raise DataError("E507", message, where=where, hint=f"ignore=['{column.name}']")
    median = float(np.float32(np.median(known)))
    return np.where(np.isnan(column.values), np.float32(median), column.values), median
