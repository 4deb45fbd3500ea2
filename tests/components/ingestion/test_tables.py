"""`ingest_table`: from CSV, Parquet and NPZ to frozen splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from milonga.components.contracts import DataSplits
from milonga.components.contracts.dataset_description import split_names
from milonga.components.ingestion import ingest_table
from milonga.errors import DataError


def make_columns(rows: int = 120) -> dict[str, object]:
    random = np.random.default_rng(3)
    height = random.normal(170, 10, rows)
    return {
        "height": height,
        "legs": random.integers(0, 5, rows),
        "tame": random.random(rows) < 0.5,
        "colour": random.choice(["black", "white", "ginger"], rows),
        "kind": np.where(height > 170, "dog", "cat"),
    }


def write_csv(path: Path, columns: dict[str, object]) -> str:
    pa.csv.write_csv(pa.table(columns), path)
    return str(path)


def refused(source: object, **settings: object) -> DataError:
    with pytest.raises(DataError) as caught:
        ingest_table(str(source), **{"target": "kind", **settings})  # type: ignore[arg-type]
    return caught.value


def rows_of(data: DataSplits) -> dict[bytes, tuple[str, int]]:
    found = {}
    for name in split_names():
        x, y = data.load_split(name)
        found.update({row.tobytes(): (name, int(label)) for row, label in zip(x, y, strict=True)})
    return found


def test_numbers_booleans_and_texts_become_features(tmp_path: Path) -> None:
    columns = make_columns()
    data = ingest_table(write_csv(tmp_path / "pets.csv", columns), target="kind")
    description = data.validate()
    assert (description.kind, description.classes, description.source) == ("table", ("cat", "dog"), "pets.csv")
    names = ["height", "legs", "tame", "colour=black", "colour=ginger", "colour=white"]
    assert [feature.name for feature in description.features] == names
    kinds = ["float", "integer", "boolean", "category", "category", "category"]
    assert [feature.dtype for feature in description.features] == kinds
    assert [feature.category for feature in description.features[3:]] == ["black", "ginger", "white"]

    found = rows_of(data)
    for index in range(120):
        row = [columns[name][index] for name in ("height", "legs", "tame")]  # type: ignore[index]
        row += [columns["colour"][index] == name for name in ("black", "ginger", "white")]  # type: ignore[index]
        label = ["cat", "dog"].index(columns["kind"][index])  # type: ignore[index]
        assert found[np.array(row, dtype=np.float32).tobytes()][1] == label


def test_the_three_formats_give_the_same_data_set(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=(90, 3)).astype(np.float32)
    y = random.integers(0, 3, 90)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    table = pa.table({**{f"x{index}": x[:, index] for index in range(3)}, "y": y})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    pa.csv.write_csv(table, tmp_path / "a.csv")
    found = [ingest_table(str(tmp_path / f"a.{suffix}"), target="y") for suffix in ("npz", "parquet", "csv")]
    assert found[0].read().classes == ("0", "1", "2")
    assert len({data.validate().digest for data in found}) == 1
    assert rows_of(found[0]) == rows_of(found[1]) == rows_of(found[2])


def test_rows_stay_in_their_split_when_rows_and_categories_are_added_and_columns_reordered(tmp_path: Path) -> None:
    columns = make_columns()
    columns["name"] = [f"pet {index}" for index in range(120)]
    first = ingest_table(write_csv(tmp_path / "a.csv", columns), target="kind", categories_max=500)
    longer = {key: [*values, last] for (key, values), last in zip(  # type: ignore[misc]
        columns.items(), [171.5, 4, True, "tabby", "dog", "pet 120"], strict=True)}  # fmt: skip
    reordered = dict(reversed(longer.items()))
    second = ingest_table(write_csv(tmp_path / "b.csv", reordered), target="kind", categories_max=500)

    def split_of_pets(data: DataSplits) -> dict[str, str]:
        names = [feature.category for feature in data.read().features if feature.column == "name"]
        positions = [index for index, feature in enumerate(data.read().features) if feature.column == "name"]
        return {
            str(names[int(row[positions].argmax())]): split
            for split in split_names()
            for row in data.load_split(split)[0]
        }

    before, after = split_of_pets(first), split_of_pets(second)
    assert len(after) == 121
    assert before == {name: after[name] for name in before}


def test_a_missing_value_is_an_error_that_names_column_and_row(tmp_path: Path) -> None:
    columns = make_columns()
    height = [float(value) for value in columns["height"]]  # type: ignore[attr-defined]
    error = refused(write_csv(tmp_path / "a.csv", {**columns, "height": [*height[:4], None, *height[5:-1], None]}))
    assert error.code == "E507"
    assert "'height'" in error.message and "row 5" in error.message and "1 more" in error.message
    colours = list(columns["colour"])  # type: ignore[call-overload]
    error = refused(write_csv(tmp_path / "b.csv", {**columns, "colour": [None, *colours[1:]]}))
    assert (error.code, "'colour'" in error.message, "row 1," in error.message) == ("E507", True, True)


def test_the_median_of_the_train_split_fills_gaps_when_asked_for_and_is_recorded(tmp_path: Path) -> None:
    columns = make_columns()
    height = [float(value) for value in columns["height"]]  # type: ignore[attr-defined]
    gaps = {**columns, "height": [None if index % 10 == 0 else value for index, value in enumerate(height)]}
    data = ingest_table(write_csv(tmp_path / "a.csv", gaps), target="kind", missing="median")
    fill = np.float32(data.read().features[0].fill)
    filled = {name: int((data.load_split(name)[0][:, 0] == fill).sum()) for name in split_names()}
    assert sum(filled.values()) in (12, 13)  # the median itself may be a row of train
    values = data.load_split("train")[0][:, 0]
    known = values[np.isin(values, np.array(height, dtype=np.float32))]
    assert fill == np.median(known)


def test_a_missing_class_is_an_error_even_with_the_median(tmp_path: Path) -> None:
    columns = make_columns()
    kinds = list(columns["kind"])  # type: ignore[call-overload]
    error = refused(
        write_csv(tmp_path / "a.csv", {**columns, "kind": [*kinds[:2], None, *kinds[3:]]}), missing="median"
    )
    assert (error.code, "row 3" in error.message) == ("E507", True)


def test_infinite_and_too_large_numbers_are_errors(tmp_path: Path) -> None:
    columns = make_columns()
    for value in (float("inf"), 1e300):
        height = [float(item) for item in columns["height"]]  # type: ignore[attr-defined]
        height[7] = value
        error = refused(write_csv(tmp_path / "a.csv", {**columns, "height": height}))
        assert (error.code, "row 8" in error.message) == ("E507", True)


def test_ignored_columns_are_no_features(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", make_columns())
    data = ingest_table(source, target="kind", ignore=["colour", "tame"])
    assert [feature.name for feature in data.read().features] == ["height", "legs"]
    assert refused(source, ignore=["nonsense"]).code == "E510"


def test_wrong_sources_and_columns_give_one_clear_error(tmp_path: Path) -> None:
    columns = make_columns()
    assert refused(tmp_path / "absent.csv").code == "E500"
    assert refused(tmp_path).code == "E501"
    (tmp_path / "a.xlsx").write_bytes(b"x")
    assert refused(tmp_path / "a.xlsx").code == "E501"
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    assert refused(tmp_path / "broken.parquet").code == "E504"
    (tmp_path / "ragged.csv").write_text("a,kind\n1,cat\n2,dog,7\n")
    assert refused(tmp_path / "ragged.csv").code == "E504"
    (tmp_path / "empty.csv").write_text("a,kind\n")
    assert refused(tmp_path / "empty.csv").code == "E506"
    (tmp_path / "twice.csv").write_text("a,a,kind\n1,2,cat\n")
    assert refused(tmp_path / "twice.csv").code == "E510"
    source = write_csv(tmp_path / "good.csv", columns)
    error = refused(source, target="species")
    assert error.code == "E510" and "kind" in error.got
    assert refused(source, target="height").code == "E512"
    assert refused(source, categories_max=2).code == "E513"
    one = write_csv(tmp_path / "one.csv", {**columns, "kind": ["cat"] * 120})
    assert refused(one).code == "E502"
    dated = write_csv(
        tmp_path / "dated.csv", {**columns, "born": np.array(["2020-01-01"] * 120, dtype="datetime64[D]")}
    )
    error = refused(dated)
    assert error.code == "E511" and "'born'" in error.message


def test_pickled_objects_in_an_npz_file_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}] * 20, dtype=object), kind=np.arange(20))
    assert refused(tmp_path / "a.npz").code == "E504"
    np.savez(tmp_path / "b.npz", x=np.zeros((20, 2)), kind=np.arange(19))
    assert refused(tmp_path / "b.npz").code == "E510"
    np.savez(tmp_path / "c.npz", x=np.zeros((20, 2, 2)), kind=np.arange(20))
    assert refused(tmp_path / "c.npz").code == "E505"
