"""Run steps that sleep, side by side or in a loop."""

import json
import sys
import time

import milonga as ml


@ml.component
def wait(number: int, seconds: float) -> int:
    """A step that waits."""
    import time

    time.sleep(seconds)
    return number


def main(tasks: int, seconds: float, shape: str) -> dict[str, float]:
    """Wall seconds from before tracing to the result, twice: the first loads what later ones have."""

    @ml.pipeline
    def independent(seconds: float) -> None:
        for number in range(tasks):
            wait(number, seconds)

    @ml.pipeline
    def loop(seconds: float) -> None:
        with ml.ParallelFor(list(range(tasks))) as number:
            wait(number, seconds)

    chosen = {"independent": independent, "loop": loop}[shape]
    walls = []
    for _ in range(2):
        before = time.perf_counter()
        ml.run(chosen, {"seconds": seconds}, jobs=tasks, cache=False).raise_for_state()
        walls.append(time.perf_counter() - before)
    return {"first_wall_s": walls[0], "wall_s": walls[1]}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
