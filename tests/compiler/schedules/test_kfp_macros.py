"""Text that a KFP server replaces in arguments."""

from __future__ import annotations

from typing import Any

import pytest

from milonga.compiler.schedules.kfp_macros import replaced_text


@pytest.mark.parametrize(
    ("value", "in_any_run", "in_a_schedule"),
    [
        ("[[RunUUID]]", True, True),
        ("at [[CurrentTime]]", True, True),
        ("[[CurrentTime.15-04-05]]", True, True),
        ("{{$.currentTime.strftime('%Y')}}", True, True),
        ("[[ScheduledTime]]", False, True),
        ("[[ScheduledTime.2006]]", False, True),
        ("{{$.scheduledTime.strftime('%Y')}}", False, True),
        ("[[Index]]", False, True),
        ("[[Indexes]]", False, False),
        ("[[RunUUID", False, False),
        ("[[CurrentTimes]]", False, False),
        ("{{$.inputs.parameters['x']}}", False, False),
        ("[[1, 2], [3]]", False, False),
        (["[[RunUUID]]"], False, False),
        ({"a": "[[RunUUID]]"}, False, False),
    ],
)
def test_the_server_s_own_rules(value: Any, in_any_run: bool, in_a_schedule: bool) -> None:
    assert bool(replaced_text({"text": value}, is_scheduled=False)) == in_any_run
    assert bool(replaced_text({"text": value}, is_scheduled=True)) == in_a_schedule


def test_a_finding_names_the_input_and_shows_a_part_of_its_text() -> None:
    (finding,) = replaced_text({"b": "x", "a": "[[RunUUID]]" * 100}, is_scheduled=False)
    assert finding.code == "E312" and finding.severity == "warning" and "'a'" in finding.message
    assert len(finding.got) == 120
