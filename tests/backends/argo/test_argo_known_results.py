"""Results that are found before a run begins are those that its steps would give."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2] / "engine" / "pod"))

from changing_data import trained
from paper_argo import PaperArgo

from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.kept_results import KeptResults
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace
from milonga.runtime.argo.layout import REUSE_PARAMETER


class FolderBucket:
    """The bucket of the Argo on paper, which is a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, key: str, file: Path) -> bool:
        if not (self._folder / key).is_file():
            return False
        shutil.copyfile(self._folder / key, file)
        return True


@pytest.fixture
def emitted() -> Any:
    return ArgoTarget().emit(trace(trained).graph)


def known(emitted: str, argo: PaperArgo, path: Path, folder: Path) -> dict[str, Any]:
    """The values of the steps that the next run needs no pod for."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bucket: Any = FolderBucket(argo.bucket)
    kept = KeptResults.of(bucket, Bundle.from_text(emitted), SubmitRequest({"path": str(path)}), folder)
    return {leaf: found.parameters["Output"] for leaf, found in kept.usable().items()}


def test_what_an_earlier_run_has_kept_is_known(emitted: str, tmp_path: Path) -> None:
    argo, path = PaperArgo(tmp_path / "cluster", emitted), tmp_path / "data"
    path.write_text("old")
    assert known(emitted, argo, path, tmp_path / "look") == {}
    argo.run({"path": str(path)})
    assert known(emitted, argo, path, tmp_path / "look") == {
        "content": "old",
        "model": "model of old",
        "both": "old / model of old",
    }
    assert known(emitted, argo, tmp_path / "other", tmp_path / "look") == {}


def test_a_result_of_what_a_step_before_gives_no_longer_is_not(emitted: str, tmp_path: Path) -> None:
    argo, path, stop = PaperArgo(tmp_path / "cluster", emitted), tmp_path / "data", tmp_path / "data.stop"
    path.write_text("old")
    argo.run({"path": str(path)})
    path.write_text("new")
    stop.touch()
    assert argo.run({"path": str(path)}, raw={REUSE_PARAMETER: "no"}).phase == "Failed"
    assert known(emitted, argo, path, tmp_path / "look") == {"content": "new"}
