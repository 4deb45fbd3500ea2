"""What only kfp's Kubernetes settings can say: annotations of pods."""

import sys
from pathlib import Path

from kfp import dsl, kubernetes

if str(Path(__file__).parents[2] / "hostile") not in sys.path:
    sys.path.append(str(Path(__file__).parents[2] / "hostile"))

from hostile_texts import WHOLE

ANNOTATIONS = {f"texts/t-{number}": text for number, text in enumerate(WHOLE) if "{{$" not in text}
"""What KFP takes for a placeholder is refused there, unless it names an input."""
LABELS = {
    f"labels/l-{number}": text for number, text in enumerate(("true", "null", "1", "007", "1e3", "NaN", "a_b.c-d", ""))
}


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def nothing() -> str:
    return "done"


@dsl.pipeline
def hostile_annotations() -> str:
    task = nothing()
    for key, text in ANNOTATIONS.items():
        kubernetes.add_pod_annotation(task, key, text)
    for key, text in LABELS.items():
        kubernetes.add_pod_label(task, key, text)
    return task.output
