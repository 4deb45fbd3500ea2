"""The environment variables that milonga reads are those that its reference page lists."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ELSEWHERE = ("MILONGA_ARGO_", "MILONGA_KFP_", "MILONGA_VERTEX_")
"""Settings of back ends: `--help` of each flag names its variable."""
_OF_PODS = {f"MILONGA_{name}" for name in ("CODE", "INPUTS", "OUTPUTS", "VARIABLES", "WORKSPACE")}
OWN = {"MILONGA_WORKERS", "MILONGA_CRASH_SITE", *_OF_PODS}
"""What milonga says to its own processes."""


def test_every_variable_that_is_read_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.delitem(sys.modules, "reference_commands", raising=False)
    from reference_commands import command_line_page

    page = command_line_page().partition("## What names a pipeline")[0]
    listed = set(re.findall(r"^\| `(MILONGA_\w+)` \|", page, re.MULTILINE))
    sources = (path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    read = {name for text in sources for name in re.findall(r"[\"'](MILONGA_[A-Z_]+)[\"']", text)}
    assert listed == {name for name in read if not name.startswith(ELSEWHERE)} - OWN
