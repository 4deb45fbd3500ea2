"""Names that an author gives to artifacts are data and no paths.

These tests compute paths and never write, remove or open one: a name such as `/` or `../../etc` that were taken for a
path would lead out of the test's folder.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_texts import FAMILIES, MEGABYTE, TEXTS

from milonga.dsl.artifacts.dataset import Dataset
from milonga.dsl.signature import signature_of
from milonga.runtime.placement import AssignedPlacement

STAGING = Path("/nowhere/staging")


def make(text: str) -> Dataset:
    return Dataset.create(text)


def placement() -> AssignedPlacement:
    return AssignedPlacement(signature_of(make), {"Output": Path("/nowhere/output")}, STAGING)


def test_there_are_more_than_three_hundred_and_none_twice() -> None:
    assert len(set(TEXTS)) == len(TEXTS) >= 300
    assert len(MEGABYTE.encode("utf-8", "surrogatepass")) >= 1_000_000


@pytest.mark.parametrize("family", FAMILIES)
def test_no_name_leads_out_of_the_task(family: str) -> None:
    for text in FAMILIES[family]:
        placed = placement().place(Dataset, text)
        is_output = text in ("", "Output")
        assert str(placed) == ("/nowhere/output" if is_output else f"{STAGING}/1/artifact"), ascii(text[:80])


def test_artifacts_of_one_name_do_not_meet() -> None:
    both = placement()
    assert both.place(Dataset, "../x") != both.place(Dataset, "../x")


def test_the_name_of_an_output_still_chooses_it() -> None:
    assert str(placement().place(Dataset, "Output")) == "/nowhere/output"
