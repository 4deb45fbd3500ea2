"""The process in which kfp.local runs one pipeline: `python -m ...kfp_local_program ORDER.json`.

The order names the pipeline, its arguments and where the result goes; everything that kfp and the tasks print goes to
this process's output, the tasks' lines as they were written.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from milonga.runtime.task import write_atomically

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SAYS_FAILED = "finished with status"


def main(order_file: str) -> None:
    """Run what an order says, and write what became of it."""
    import warnings

    from kfp import components, local
    from kfp.local import logging_utils

    order = json.loads(Path(order_file).read_text("utf-8"))
    # kfp indents what tasks print by four blanks, twice in a thread within a thread; lines are compared whole.
    logging_utils.indented_print = lambda num_spaces=4: contextlib.nullcontext()
    warnings.simplefilter("ignore")
    Path(order["workspace"]).mkdir()  # its own choice has a name that it mistakes for the path within a container
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=order["root"],
        workspace_root=order["workspace"],
        enable_caching=order["use_cache"],
    )
    pipeline = components.load_component_from_text(order["pipeline"])
    artifacts = {name: _artifact(name, item) for name, item in order["artifacts"].items()}
    result: dict[str, Any] = {"state": "SUCCEEDED", "parameters": {}, "artifacts": {}, "error": ""}
    try:
        outputs = pipeline(**order["arguments"], **artifacts).outputs
    except Exception as error:  # noqa: BLE001 - whatever kfp raises is what is measured
        message = _COLOUR.sub("", str(error)).strip()
        failed = isinstance(error, RuntimeError) and _SAYS_FAILED in message
        result["state"] = "FAILED" if failed else "REFUSED"
        result["error"] = message if failed else f"{type(error).__name__}: {message}"
    else:
        for name, value in outputs.items():
            kind = "artifacts" if _holds_artifacts(value) else "parameters"
            result[kind][name] = value
    write_atomically(Path(order["result"]), json.dumps(result, default=_described))


def _artifact(name: str, item: dict[str, Any]) -> Any:
    from kfp import dsl

    made: Any = getattr(dsl, item["type"].rpartition(".")[2], dsl.Artifact)
    return made(name=name, uri=item["path"], metadata=item["metadata"])


def _holds_artifacts(value: Any) -> bool:
    from kfp import dsl

    if isinstance(value, list) and value:
        return _holds_artifacts(value[0])
    return isinstance(value, dsl.Artifact)


def _described(artifact: Any) -> dict[str, Any]:
    """An artifact as JSON."""
    return {"type": artifact.schema_title, "uri": artifact.uri, "metadata": dict(artifact.metadata)}


if __name__ == "__main__":
    main(sys.argv[1])
