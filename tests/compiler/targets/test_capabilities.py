"""Every target says something about every construct, and its findings say the same."""

import pytest
import samples

from milonga.compiler.constructs import CONSTRUCTS
from milonga.compiler.targets import TARGETS, target_named
from milonga.compiler.targets.capability import CODES, capability_at, number

EVERY = [(name, construct) for name in TARGETS for construct in CONSTRUCTS]


@pytest.mark.parametrize("name", TARGETS)
def test_a_table_has_every_construct_and_nothing_else(name):
    assert set(TARGETS[name].table) == set(CONSTRUCTS)


@pytest.mark.parametrize("name", TARGETS)
def test_cells_of_one_construct_begin_at_growing_versions(name):
    for construct, cells in TARGETS[name].table.items():
        begins = [number(cell.since) for cell in cells if cell.since]
        assert begins == sorted(set(begins)), construct
        assert all(cell.since in TARGETS[name].versions for cell in cells if cell.since)
        assert not cells[0].since, f"{construct}: nothing is said about the oldest version"


@pytest.mark.parametrize("name", TARGETS)
def test_what_does_not_work_says_what_happens(name):
    for construct, cells in TARGETS[name].table.items():
        for cell in cells:
            assert cell.note or cell.verdict in ("works", "unverified"), construct


@pytest.mark.parametrize(("name", "construct"), EVERY)
def test_a_use_makes_the_finding_that_the_table_announces(name, construct):
    target = target_named(name)
    cell = target.capability(construct)
    found = [finding for finding in target.findings(samples.sample(construct)) if finding.construct == construct]
    if cell.verdict in CODES:
        assert found, construct
        assert {(finding.code, finding.severity) for finding in found} == {(CODES[cell.verdict], "warning")}
        assert all(cell.note in finding.message for finding in found)
    else:
        assert not found


@pytest.mark.parametrize("name", TARGETS)
def test_every_rewrite_of_a_table_is_a_pass_that_cures_the_construct(name):
    target = target_named(name)
    passes = {rewrite.name: rewrite for rewrite in target.passes}
    for construct, cells in target.table.items():
        for cell in cells:
            if cell.rewrite:
                assert construct in passes[cell.rewrite].cures


def test_a_version_takes_the_last_cell_that_has_begun():
    cells = TARGETS["kfp"].table["literals"]
    assert capability_at(cells, "2.15").verdict == "refused"
    assert capability_at(cells, "2.16").verdict == "works"
    assert capability_at(cells, "2.17").verdict == "works"
    assert number("2.9") < number("2.15")
