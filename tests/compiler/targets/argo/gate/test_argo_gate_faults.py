"""No seeded fault is missed, on any line of Argo that has it, with the cluster's definitions and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from argo_manifests import SCHEMAS, documents, needs_schemas, said
from seeded_faults import FAULTS, Fault

ALL = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)

BY_SHAPE = ("E323", "E324", "E325", "E342")
ALSO_IN_DEFINITIONS = ("E334", "E336", "E343", "E344", "E347", "E348", "E349", "E351", "E352", "E356")
"""Rules about things that the definitions of some line state as well."""


def hold(fault: Fault, versions: tuple[str, ...], schemas: Path | None) -> None:
    for version in versions:
        faulty = documents()
        fault.change(faulty)
        found = said(faulty, version, schemas=schemas)
        at_fault = [finding.path for finding in found if finding.code == fault.code]
        assert at_fault, (version, list(map(str, found)))
        if fault.code not in BY_SHAPE:  # what a rule explains, the shape does not say again
            assert not [finding for finding in found if finding.code in BY_SHAPE and finding.path in at_fault]
            assert "E325" not in {finding.code for finding in found}
        for finding in found:
            assert finding.path and finding.message.startswith("argo: ")
            assert finding.code != fault.code or finding.got or finding.expected or finding.hint
            assert all(len(text) < 400 for text in (finding.got, finding.expected, finding.hint, finding.path))
        if fault.twin is not None:
            good = documents()
            fault.twin(good)
            assert list(map(str, said(good, version, schemas=schemas))) == []
    for version in fault.good_in:
        good = documents()
        fault.change(good)
        assert said(good, version, schemas=schemas) == []


@ALL
def test_a_seeded_fault_is_found_and_its_twin_is_not(fault: Fault) -> None:
    hold(fault, fault.versions, None)


@needs_schemas
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=() if number % 4 == 0 else pytest.mark.slow)
        for number, fault in enumerate(fault for fault in FAULTS if fault.code in BY_SHAPE + ALSO_IN_DEFINITIONS)
    ],
    ids=lambda fault: fault.name,
)
def test_a_seeded_fault_is_found_beside_the_definitions_of_a_cluster(fault: Fault) -> None:
    hold(fault, fault.versions[-1:], SCHEMAS)


def test_seeded_faults_cover_every_rule() -> None:
    codes = {fault.code for fault in FAULTS}
    assert len(FAULTS) >= 40
    assert codes >= {f"E{number}" for number in range(321, 357)} - {"E322", "E325", "E326"}
