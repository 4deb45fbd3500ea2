"""Pipeline files: what is written is read back as it was, by any YAML reader; what is dangerous is refused."""

import math
import os
import subprocess
import sys

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from milonga.compiler.documents import dump_yaml, load_graph, parse_documents
from milonga.errors import InvalidPipeline

TEMPTING = st.sampled_from(
    ["", " ", "yes", "no", "on", "off", "y", "n", "True", "FALSE", "null", "Null", "~", "1", "01", "1.0", "1e3", "1E3",
     "0x1", "0o7", "0b1", "1_000", "190:20:30", ".5", ".inf", "-.INF", ".nan", "+1", "-", "--", "---", "...", "- x",
     "? x", ": x", "a: b", "a:", ":a", "# c", "a #b", "&a", "*a", "!a", "!!str a", "|", ">", "|-", "%a", "@a", "`a",
     "'", "\"", "'a'", "[a]", "{a}", "a, b", "=", "<<", " leading space", "trailing space ", "\ttab", "tab\t",
     "2001-01-01", "2001-12-14t21:59:43.10-05:00", "12:30:45", "é", "日本", "💃", "\u2028", "\u2029", "\x85", "\ufeff",
     "\x00", "\x07", "\x1b", "\x7f", "\xa0", "\u200b", "\r", "\r\n", "\n", "\n\n", "a\n", "a\n\n", "\na", "a\n b",
     " a\nb", "a \nb", "a\n\n\nb\n", "a\r\nb", "a\tb\nc", "- a\n- b", "a: b\nc: d", "# a\nb", "---\na", "...\na",
     "a\n---\nb", "a\n...\nb", "{{$}}", "{{$.inputs.parameters['x']}}", "%YAML 1.2", "\ud7ff", "\ue000", "\ufffd"]
)  # fmt: skip
TEXTS = TEMPTING | st.text() | st.lists(TEMPTING | st.text(), max_size=4).map("\n".join)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def same(left, right) -> bool:
    """Equality that tells 1 from 1.0 from True, and 0.0 from -0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return left == right


@given(VALUES)
@example({"a": [], "b": {}, "c": [[], {}, [[]], [{}]], "d": [{"e": []}]})
@example([[[1, [2]], [{"a": [{"b": [3]}]}]]])
@example([1e300, 1e-300, -0.0, 0.1, 1e16, 1e22, 5e-324, 1.7976931348623157e308, 2**53, 10**30])
@example({"": {"": [""]}})
@example([{"k" * 2000: {"a": 1}, "l" * 2000: [1, {"m" * 1100: "a\nb"}], "n" * 2000: "x\ny\n"}])
@example({"text": "first\n\n  second\n", "list": ["a\nb\n", {"deep": "c\nd"}]})
def test_every_json_value_is_read_back_by_yaml(value):
    text = dump_yaml(value)
    assert same(yaml.safe_load(text), value)


@given(VALUES)
def test_every_json_value_is_read_back_by_us(value):
    if isinstance(value, dict) and value:
        assert same(parse_documents(dump_yaml(value))[0], value)


@given(TEXTS)
def test_every_text_is_read_back_as_key_value_and_item(text):
    value = {text: text, "items": [text, {text: [text]}]}
    assert same(yaml.safe_load(dump_yaml(value)), value)


@given(st.dictionaries(st.text(), st.integers(), min_size=1))
def test_the_order_of_keys_makes_no_difference(value):
    assert dump_yaml(dict(reversed(value.items()))) == dump_yaml(value)


def test_keys_are_sorted():
    assert dump_yaml({"b": 1, "a": {"d": 2, "c": 3}}) == "a:\n  c: 3\n  d: 2\nb: 1\n"


def test_several_lines_are_a_literal_block():
    assert dump_yaml({"source": "def f():\n    return 1\n"}) == "source: |\n  def f():\n      return 1\n"


def test_the_text_ends_with_one_newline():
    assert dump_yaml({"a": "b\n\n"}).endswith("\n")
    assert not dump_yaml({"a": 1}).endswith("\n\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_has_not_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        dump_yaml({"a": value})


def test_a_value_that_json_has_not_is_refused():
    with pytest.raises(TypeError, match="JSON"):
        dump_yaml({"a": {1, 2}})


def test_two_processes_write_the_same_bytes():
    program = (
        "from milonga.compiler.documents import dump_yaml\n"
        "print(dump_yaml({key: {key + 'x': list(set('abcdef') & {key})} for key in set('abcdef')}))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


# Reading


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: 2\na: 3\n", 3), ("a:\n  b: 1\n  b: 2\n", 3), ('{"a": 1,\n "a": 2}', 2), ("a: 1\n? a\n: 2\n", 2)],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(text, line):
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents(text)
    assert raised.value.code == "E200"
    assert "'a' stands twice" in raised.value.message or "'b' stands twice" in raised.value.message
    assert raised.value.where.startswith(f"line {line},")


def test_aliases_that_grow_without_end_are_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 200)]
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents("\n".join(lines))
    assert raised.value.code == "E200"


def test_a_few_aliases_that_multiply_are_refused_too():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents("\n".join(lines))
    assert raised.value.code == "E200"


def test_a_value_that_holds_itself_is_refused():
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents("a: &a [*a]\n")
    assert raised.value.code == "E200"


def test_an_alias_or_two_are_read():
    assert parse_documents("a: &x {b: 1}\nc: *x\n") == ({"a": {"b": 1}, "c": {"b": 1}},)


def test_stars_in_texts_are_no_aliases():
    text = "a: |\n" + "  x *y z\n" * 1500
    assert parse_documents(text)[0]["a"].count("*") == 1500


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "\tx: 1", "a: !!python/object:os.system x", "a: !mine x", "a: \x00", "[" * 5000]
)
def test_what_is_not_yaml_is_refused(text):
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents(text)
    assert raised.value.code == "E200"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n---\n", "null\n"])
def test_nothing_is_refused_as_empty(text):
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents(text)
    assert raised.value.code == "E204"


@pytest.mark.parametrize("text", ["a text", "- a\n- b\n", "3\n"])
def test_what_is_no_mapping_is_no_pipeline(text):
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents(text)
    assert raised.value.code == "E201"


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(InvalidPipeline) as raised:
        parse_documents("? [a, b]\n: 1\n")
    assert raised.value.code == "E200"


def test_dates_stay_text():
    assert parse_documents("a: 2001-12-14\n") == ({"a": "2001-12-14"},)


def test_json_is_read_as_well():
    assert parse_documents('{"a": [1, 2.5, null, true, "x"]}') == ({"a": [1, 2.5, None, True, "x"]},)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [(b"\xff\xfe\x00", "E200", "no text"), (b"a: [", "E200", "not valid YAML"), (b"", "E204", "empty")],
)
def test_a_file_that_is_refused_is_named(tmp_path, content, code, message):
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidPipeline, match=message) as raised:
        load_graph(path)
    assert raised.value.code == code
    assert raised.value.where.startswith(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidPipeline, match="cannot be read: No such file") as raised:
        load_graph(tmp_path / "none.yaml")
    assert raised.value.where == str(tmp_path / "none.yaml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InvalidPipeline, match="cannot be read"):
        load_graph(tmp_path)
