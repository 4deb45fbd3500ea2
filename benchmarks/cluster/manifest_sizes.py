"""What is put on the cluster for a pipeline, against what KFP's back end puts there."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.figures import Bar, Figure
from benchmarks.measurement import Case, interleave

ROOT = Path(__file__).resolve().parents[2]
SMALLER = Bar(0.4)


def manifest_sizes() -> list[Figure]:
    """Every file of the corpus that KFP's own Workflow is known of: MILONGA_CONFORMANCE names its folder."""
    folder = Path(os.environ.get("MILONGA_CONFORMANCE") or ROOT.parent / "shared" / "conformance").resolve()
    listed = folder / "kfp-workflow-bytes.json"
    if not listed.is_file():
        note = "MILONGA_CONFORMANCE names no corpus"
        return [Figure("manifest, median", "milonga / KFP", None, "times", SMALLER, note)]
    sizes = json.loads(listed.read_text("utf-8"))["bytes"]
    case = Case("milonga", "argo_manifests", {"files": {str(folder / name): count for name, count in sizes.items()}})
    found = interleave({"milonga": case}, repeats=1)["milonga"]
    if found.failure:
        return [Figure("manifest, median", "milonga", None, "times", SMALLER, found.failure)]
    files, refused = (round(found.reported(name) or 0) for name in ("files", "refused"))
    of = f"of {files} files; {refused} more are refused"
    alone, whole = "the WorkflowTemplate alone", "with the program of the pods, the same for all pipelines"
    return [
        Figure(
            "manifest, median", "milonga / KFP", found.reported("own"), "times", SMALLER, f"template and code, {of}"
        ),
        Figure("manifest, largest", "milonga / KFP", found.reported("own_largest"), "times", note="template and code"),
        Figure("manifest, median", "milonga / KFP", found.reported("template"), "times", note=alone),
        Figure("manifest, median", "milonga / KFP", found.reported("whole"), "times", note=whole),
    ]
