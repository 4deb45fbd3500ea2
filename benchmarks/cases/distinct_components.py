"""Compile a pipeline of many distinct components, with milonga or kfp: the same text, other decorators."""

import importlib
import json
import sys
import time
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


def write(tool: str, name: str) -> None:
    """Trace and compile the pipeline of module `name`; kfp traces when it decorates, so loading counts."""
    chain = importlib.import_module(name).chain
    if tool == "kfp":
        from kfp import compiler

        compiler.Compiler().compile(chain, f"{name}.yaml")
    else:
        import milonga

        milonga.compile(chain, target="kfp", output=f"{name}.yaml")


def main(tool: str, components: int) -> dict[str, float]:
    """CPU seconds of compiling, in a process that has compiled a small pipeline before, and bytes of the IR."""
    sys.path.insert(0, str(Path.cwd()))
    for name, number in (("small", 1), ("large", components)):
        Path(f"{name}.py").write_text(program(tool, number), encoding="utf-8")
    write(tool, "small")
    before = time.process_time()
    write(tool, "large")
    return {"cpu_s": time.process_time() - before, "bytes": Path("large.yaml").stat().st_size}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
