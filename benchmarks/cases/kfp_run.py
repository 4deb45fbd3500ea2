"""kfp.local: run steps that do next to nothing, in subprocesses of the same environment."""

import json
import sys
import time

from kfp import dsl, local


@dsl.component(install_kfp_package=False)
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


def linear(tasks: int) -> int:
    """Run a chain of `tasks` steps; kfp runs a pipeline when it is called."""

    @dsl.pipeline(name="linear")
    def chain(x: int = 0) -> int:
        value = x
        for _ in range(tasks):
            value = add(a=value, b=1).output
        return value

    return chain().output


def loop(tasks: int) -> int:
    """Run a loop of `tasks` iterations."""

    @dsl.component(install_kfp_package=False)
    def count(items: list) -> int:
        return len(items)

    @dsl.pipeline(name="loop")
    def over(x: int = 0) -> int:
        with dsl.ParallelFor(list(range(tasks))) as item:
            made = add(a=item, b=x)
        return count(items=dsl.Collected(made.output)).output

    return over().output


def main(tasks: int, shape: str = "linear", cache: bool = False) -> dict[str, float]:
    """CPU seconds of this process alone, and wall seconds, of tracing and running."""
    settings = {"enable_caching": True} if cache else {}
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root="outputs", **settings)
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    if {"linear": linear, "loop": loop}[shape](tasks) != tasks:
        raise RuntimeError("a wrong result")
    return {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
