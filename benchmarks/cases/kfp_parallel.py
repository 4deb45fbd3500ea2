"""kfp.local: run steps that sleep, side by side or in a loop."""

import json
import sys
import time

from kfp import dsl, local


@dsl.component(install_kfp_package=False)
def wait(number: int, seconds: float) -> int:
    """A step that waits."""
    import time

    time.sleep(seconds)
    return number


def main(tasks: int, seconds: float, shape: str) -> dict[str, float]:
    """Wall seconds of the run, twice: the first loads what later ones have."""
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root="outputs")

    @dsl.pipeline
    def independent(seconds: float) -> None:
        for number in range(tasks):
            wait(number=number, seconds=seconds)

    @dsl.pipeline
    def loop(seconds: float) -> None:
        with dsl.ParallelFor(list(range(tasks)), parallelism=tasks) as number:
            wait(number=number, seconds=seconds)

    walls = []
    for _ in range(2):
        before = time.perf_counter()
        {"independent": independent, "loop": loop}[shape](seconds=seconds)
        walls.append(time.perf_counter() - before)
    return {"first_wall_s": walls[0], "wall_s": walls[1]}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
