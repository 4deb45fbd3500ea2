"""Import one module, in a process that does little else."""

import importlib
import json
import sys


def main(module: str) -> dict[str, int]:
    """How many modules came with it."""
    before = len(sys.modules)
    importlib.import_module(module)
    return {"modules": len(sys.modules) - before}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
