# ruff: noqa: BLE001, E402 - every case must get its result; kfp warns while it is imported
"""Run by the tests in a process of its own: what kfp 2.17.0 itself makes of its objects, and what its runner gives.

argv: a Python file, a folder to write to, and a JSON object {name: arguments or null}. Each name is compiled to
`<name>.yaml`; those with arguments are run as well. Writes `results.json`.
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from kfp import compiler, local

SIMPLE = (str, int, float, bool, list, dict, type(None))


def main(file: Path, folder: Path, cases: dict) -> None:
    """Compile and run every case."""
    specification = importlib.util.spec_from_file_location("project", file)
    module = sys.modules["project"] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder / "root"))
    results = {}
    for name, arguments in cases.items():
        component = getattr(module, name)
        compiler.Compiler().compile(component, str(folder / f"{name}.yaml"))
        if arguments is None:
            continue
        try:
            outputs = component(**arguments).outputs
            results[name] = {
                key: value if isinstance(value, SIMPLE) else Path(value.path).read_text()
                for key, value in outputs.items()
            }
        except Exception as error:
            results[name] = {"error": f"{type(error).__name__}: {error}"}
    (folder / "results.json").write_text(json.dumps(results))


main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
