"""Steps whose packages are not here: they are brought once, into an environment that steps share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import milonga as ml
from milonga import component, pipeline
from wheel_files import write_wheel


@component(packages=["little-tin==1.0"])
def old_tin() -> str:
    import little_nail
    import little_tin

    return f"{little_tin.VERSION} {little_nail.VERSION}"


@component(packages=["little_tin >= 2"])
def new_tin() -> str:
    import little_tin

    return little_tin.VERSION


@pipeline
def both_tins() -> list[str]:
    return [old_tin(), new_tin()]


def environments(home: Path) -> list[Path]:
    return [path for path in (home / "environments").glob("[0-9a-f]*") if path.is_dir()]


def test_each_step_imports_the_version_that_it_declares(play, installer) -> None:
    result = play(old_tin).raise_for_state()
    assert result.outputs == {"Output": "1.0 1.5"}
    assert play(new_tin).raise_for_state().outputs == {"Output": "2.0"}
