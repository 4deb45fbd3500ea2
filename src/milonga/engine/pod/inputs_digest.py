"""What a task was given, as one word: a result of an earlier time will do only where it was made of the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any


def inputs_digest(inputs: Mapping[str, Any], content: Callable[[str], str]) -> str:
    """SHA-256 of the inputs of a task.

    Args:
        inputs: those of KFP's ExecutorInput.
        content: what stands for the content of an artifact, by its URI here.
    """
    artifacts = {
        name: [
            [entry["name"], entry["type"]["schemaTitle"], entry["metadata"], content(entry["uri"])]
            for entry in found["artifacts"]
        ]
        for name, found in inputs["artifacts"].items()
    }
    text = json.dumps([inputs["parameterValues"], artifacts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
