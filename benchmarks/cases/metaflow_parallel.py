"""Metaflow: run steps that sleep, side by side in processes."""

import json
import subprocess
import sys
import time
from pathlib import Path


def independent(tasks: int, seconds: float) -> str:
    """Branches, and the three steps around them that Metaflow wants."""
    names = [f"wait_{number}" for number in range(tasks)]
    lines = ["import time", "from metaflow import FlowSpec, step", "class Parallel(FlowSpec):"]
    lines += ["    @step", "    def start(self):", f"        self.next({', '.join(f'self.{name}' for name in names)})"]
    for name in names:
        lines += [
            "    @step",
            f"    def {name}(self):",
            f"        time.sleep({seconds})",
            "        self.next(self.join)",
        ]
    return "\n".join([*lines, ENDS])


def loop(tasks: int, seconds: float) -> str:
    """One step for each of `tasks` items, and the three around it."""
    return f"""import time
from metaflow import FlowSpec, step
class Parallel(FlowSpec):
    @step
    def start(self):
        self.items = list(range({tasks}))
        self.next(self.wait, foreach="items")
    @step
    def wait(self):
        time.sleep({seconds})
        self.next(self.join)
{ENDS}"""


ENDS = """    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__ == "__main__":
    Parallel()
"""


def main(tasks: int, seconds: float, shape: str) -> dict[str, float]:
    """Wall seconds of the command, twice."""
    Path("parallel.py").write_text({"independent": independent, "loop": loop}[shape](tasks, seconds), encoding="utf-8")
    walls = []
    for _ in range(2):
        before = time.perf_counter()
        command = [sys.executable, "parallel.py", "--no-pylint", "run", "--max-workers", str(tasks)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        walls.append(time.perf_counter() - before)
    return {"first_wall_s": walls[0], "wall_s": walls[1]}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
