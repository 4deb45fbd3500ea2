"""kfp.local: run a chain of steps that do next to nothing, in subprocesses of the same environment."""

import json
import sys
import time

from kfp import dsl, local


@dsl.component(install_kfp_package=False)
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


def main(tasks: int, cache: bool = False) -> dict[str, float]:
    """CPU seconds of this process alone, and wall seconds, of tracing and running."""
    settings = {"enable_caching": True} if cache else {}
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root="outputs", **settings)
    cpu_s, wall_s = time.process_time(), time.perf_counter()

    @dsl.pipeline(name="linear")
    def chain(x: int = 0) -> int:
        value = x
        for _ in range(tasks):
            value = add(a=value, b=1).output
        return value

    if chain().output != tasks:
        raise RuntimeError("a wrong result")
    return {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
