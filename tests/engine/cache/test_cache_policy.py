"""Ages and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.engine.cache.policy import CachePolicy, parse_age, parse_size
from milonga.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600), ("0s", 0)]
)
def test_an_age_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_age(text) == parse_age(f" {text.upper()} ") == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("1000", 1000),
        ("500MB", 500_000_000),
        ("1.5kB", 1500),
        ("20GiB", 20 * 2**30),
        ("2 k", 2000),
        ("8B", 8),
    ],
)
def test_a_size_is_bytes_or_a_number_and_a_unit(text: str, count: int) -> None:
    assert parse_size(text) == parse_size(text.lower()) == count


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-1d", "7 years", "1d2h", "nan", "1e3s", "7d\n;", "\u0667d", "9" * 400 + "d"]
)
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_age(text)
    assert caught.value.code == "E963" and caught.value.got == text


@pytest.mark.parametrize("text", ["", "GB", "-1", "1 iB", "1xB", "1,5GB", "inf", "0x10", "9" * 400])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_size(text)
    assert caught.value.code == "E964" and caught.value.got == text


@given(st.text(max_size=12))
def test_no_text_ends_otherwise_than_in_a_number_or_in_our_error(text: str) -> None:
    for parse in (parse_age, parse_size):
        try:
            assert parse(text) >= 0
        except UsageError as error:
            assert error.code in ("E963", "E964")


@given(st.integers(0, 10**15), st.sampled_from(["", "B", "kB", "MB", "GB", "KiB", "MiB", "GiB"]))
def test_a_larger_number_is_a_larger_size(number: int, unit: str) -> None:
    assert number <= parse_size(f"{number}{unit}") < parse_size(f"{number + 1}{unit}")


def test_what_is_said_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CachePolicy.chosen() == CachePolicy(None, None)
    monkeypatch.setenv("MILONGA_CACHE_MAX_AGE", "1h")
    monkeypatch.setenv("MILONGA_CACHE_MAX_BYTES", "1kB")
    assert CachePolicy.chosen() == CachePolicy(3600, 1000)
    assert CachePolicy.chosen("2h", "1MB") == CachePolicy(7200, 1_000_000)
    monkeypatch.setenv("MILONGA_CACHE_MAX_AGE", "")
    assert CachePolicy.chosen().max_age_s is None, "an empty variable is none"
