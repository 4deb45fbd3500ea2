"""Size of a compiled pipeline of many distinct components, for milonga or kfp: the same text, other decorators."""

import importlib
import json
import sys
from pathlib import Path

LANGUAGES = {
    "milonga": ("import milonga as ml", "ml.component", "ml.pipeline", ""),
    "kfp": ("from kfp import dsl", "dsl.component", "dsl.pipeline", ".output"),
}


def program(tool: str, components: int) -> str:
    """A module with `components` functions and a chain of them."""
    heading, component, pipeline, output = LANGUAGES[tool]
    lines = [heading, ""]
    for number in range(components):
        lines += [f"@{component}", f"def step_{number}(a: int, b: int = 1) -> int:", f"    return a + b + {number}", ""]
    lines += [f"@{pipeline}", "def chain(x: int = 0) -> int:", "    value = x"]
    lines += [f"    value = step_{number}(a=value, b=1){output}" for number in range(components)]
    return "\n".join([*lines, "    return value", ""])


def main(tool: str, components: int) -> dict[str, int]:
    """Bytes of the IR."""
    Path("program.py").write_text(program(tool, components), encoding="utf-8")
    sys.path.insert(0, str(Path.cwd()))
    chain = importlib.import_module("program").chain
    if tool == "kfp":
        from kfp import compiler

        compiler.Compiler().compile(chain, "chain.yaml")
    else:
        import milonga

        milonga.compile(chain, target="kfp", output="chain.yaml")
    return {"bytes": Path("chain.yaml").stat().st_size}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
