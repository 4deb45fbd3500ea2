"""The one JSON form of contract files, and its reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milonga.components.contracts.json_file import Fields, read_json, write_json
from milonga.errors import DataError, DeviceError


def test_the_same_content_has_the_same_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": [1, 2.5], "a": "Müller\n"})
    write_json(tmp_path / "b.json", {"a": "Müller\n", "b": [1, 2.5]})
    expected = '{\n  "a": "Müller\\n",\n  "b": [\n    1,\n    2.5\n  ]\n}\n'
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes() == expected.encode()


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": float("inf")}, {"a": object()}])
def test_what_has_no_json_form_is_refused_and_the_old_file_stays(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "a.json", value)
    assert (tmp_path / "a.json").read_text() == '{\n  "a": 1\n}\n'
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "E520"),
        (b"{", "E521"),
        (b"\xff{}", "E521"),
        (b"[1]", "E521"),
        (b'{"format": "x/1", "a": NaN}', "E521"),
        (b"[" * 100_000, "E521"),
        (b"{}", "E522"),
        (b'{"format": "x/2"}', "E522"),
    ],
)
def test_a_broken_file_gives_one_error_with_a_stable_code(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_json(path, format="x/1")
    assert caught.value.code == code
    assert str(path) == caught.value.where


def test_the_error_names_the_field_by_its_path(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"format": "x/1", "rows": [{"deep": {"n": 1}}, {"deep": {"n": "two"}}]})
    fields = read_json(tmp_path / "a.json", format="x/1", error=DeviceError, prefix="E62")
    with pytest.raises(DeviceError) as caught:
        [row.fields("deep").integer("n") for row in fields.items("rows")]
    assert caught.value.code == "E623"
    assert "'rows[1].deep.n'" in caught.value.message
    assert (caught.value.got, caught.value.expected) == ("'two'", "an integer")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"a": True}, lambda fields: fields.integer("a")),
        ({"a": 1.0}, lambda fields: fields.integer("a")),
        ({"a": -1}, lambda fields: fields.integer("a", minimum=0)),
        ({"a": True}, lambda fields: fields.number("a")),
        ({"a": 1.1}, lambda fields: fields.number("a", maximum=1)),
        ({"a": float("nan")}, lambda fields: fields.number("a")),
        ({"a": 1}, lambda fields: fields.text("a")),
        ({"a": "x"}, lambda fields: fields.text("a", choices=("y", "z"))),
        ({"a": 0}, lambda fields: fields.boolean("a")),
        ({"a": ["x", "x"]}, lambda fields: fields.texts("a", distinct=True)),
        ({"a": ["x", 1]}, lambda fields: fields.texts("a")),
        ({"a": [1, False]}, lambda fields: fields.numbers("a")),
        ({"a": [1]}, lambda fields: fields.items("a")),
        ({"a": {}}, lambda fields: fields.items("a")),
        ({"a": []}, lambda fields: fields.fields("a")),
        ({"a": None}, lambda fields: fields.text("a")),
        ({}, lambda fields: fields.optional_text("a")),
    ],
)
def test_a_value_of_another_type_is_an_error(value: dict[str, Any], read: Any) -> None:
    with pytest.raises(DataError, match="field 'a'"):
        read(Fields(value))


def test_right_values_come_out_typed() -> None:
    fields = Fields({"i": 3, "f": 2, "t": "x", "b": False, "n": None, "l": ["a"], "v": [1, 2.5], "o": {"k": 1}})
    assert (fields.integer("i"), fields.text("t"), fields.boolean("b")) == (3, "x", False)
    assert isinstance(fields.number("f"), float) and fields.numbers("v") == (1.0, 2.5)
    assert fields.optional_number("n") is None and fields.optional_fields("n") is None
    assert fields.texts("l") == ("a",) and fields.fields("o").integer("k") == 1 and fields.mapping("o") == {"k": 1}
