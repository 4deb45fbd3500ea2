"""Read a CSV, Parquet or NPZ file into one table of columns, and check the target column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa


def read_table(source: Path) -> pa.Table:
    """The table in `source`: `.csv` (UTF-8, comma, a header line), `.parquet`, or `.npz`.

    An NPZ file holds one-dimensional arrays, which are columns, and at most one two-dimensional array, whose
    columns are named `<array>0`, `<array>1`, ...; pickled objects are refused.

    Raises:
        DataError: E500 (no such file), E501 (no file of a known kind), E504 (damaged), E506 (no rows), E510 (two
            columns of one name, or columns of different lengths).
    """
    try:
        import pyarrow as pa
    except ImportError as reason:
        raise MissingExtra.of("pyarrow", "data", "reading a table") from reason

    where = str(source)
    if not source.exists():
        raise DataError("E500", "the source does not exist", where=where, expected="a .csv, .parquet or .npz file")
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npz": _read_npz}
    reader = readers.get(source.suffix.lower())
    if reader is None or not source.is_file():
        got = "a folder" if source.is_dir() else f"suffix '{source.suffix}'"
        message = "the source is no table file"
        raise DataError("E501", message, where=where, got=got, expected="a .csv, .parquet or .npz file")
    try:
        table = reader(source)
    except (pa.ArrowException, OSError, ValueError, EOFError) as reason:
        raise DataError("E504", f"'{source.name}' cannot be read: {reason}", where=where) from reason
    names = table.column_names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        got = ", ".join(repr(name) for name in repeated)
        raise DataError("E510", "two columns have one name", where=where, got=got, expected="distinct column names")
    if not table.num_rows:
        raise DataError("E506", "the table has no rows", where=where, expected="one row or more")
    return table


def read_target(column: pa.ChunkedArray, name: str, *, where: str) -> list[str]:
    """The class name of each row.

    Args:
        column: text, whole numbers, or booleans (which become `false` and `true`).
        name: name of the column.
        where: the file, for errors.

    Raises:
        DataError: E507 (a row without a class), E512 (values that are no classes).
    """
    import pyarrow.types as types

    first_missing = first_null(column)
    if first_missing is not None:
        message = f"the target column '{name}' has no value in row {first_missing + 1}"
        hint = "remove the rows without a class"
        raise DataError("E507", message, where=where, got="a missing value", expected="a class", hint=hint)
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values: list[Any] = column.to_pylist()
    if types.is_boolean(column.type):
        return ["true" if value else "false" for value in values]
    if types.is_string(column.type) or types.is_large_string(column.type):
        return values
    if types.is_floating(column.type) and all(float(value).is_integer() for value in values):
        return [str(int(value)) for value in values]
    if types.is_integer(column.type):
        return [str(value) for value in values]
    kind: pa.DataType = column.type
    message = f"the target column '{name}' does not hold classes"
    raise DataError("E512", message, where=where, got=f"{kind}", expected="text, whole numbers or booleans")


def first_null(column: pa.ChunkedArray) -> int | None:
    """Index of the first row that is null or NaN; None when there is none."""
    import numpy as np

    if not len(column):
        return None
    missing = np.asarray(column.is_null(nan_is_null=True))
    return int(missing.argmax()) if missing.any() else None


def _read_csv(source: Path) -> pa.Table:
    import pyarrow.csv as csv

    # An explicit list, so that a text such as "None" or "-" stays what it is.
    missing = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
    options = csv.ConvertOptions(null_values=missing, strings_can_be_null=True)
    return csv.read_csv(source, convert_options=options)


def _read_parquet(source: Path) -> pa.Table:
    import pyarrow.parquet as parquet

    return parquet.ParquetFile(source).read()


def _read_npz(source: Path) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    columns: dict[str, Any] = {}
    with np.load(source, allow_pickle=False) as arrays:
        for name in sorted(arrays.files):
            columns.update(_npz_columns(name, arrays[name]))
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        got = ", ".join(f"{name}: {len(column)}" for name, column in list(columns.items())[:8]) or "no arrays"
        raise DataError("E510", "the arrays differ in length", where=str(source), got=got, expected="one length")
    return pa.table(columns)


def _npz_columns(name: str, array: npt.NDArray[Any]) -> dict[str, Any]:
    if array.ndim == 1:
        return {name: array}
    if array.ndim == 2:
        return {f"{name}{index}": array[:, index] for index in range(array.shape[1])}
    message = f"array '{name}' has {array.ndim} axes"
    raise DataError("E505", message, got=f"shape {list(array.shape)}", expected="[rows] or [rows, features]")
