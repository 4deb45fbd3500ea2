"""Metaflow: run steps that do next to nothing. Its steps are methods, so the flow is written to a file."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path


def linear(tasks: int) -> str:
    """A flow of `tasks` steps, its start and end counted."""
    names = ["start", *(f"step_{number}" for number in range(1, tasks - 1)), "end"]
    lines = ["from metaflow import FlowSpec, step", "class Noop(FlowSpec):"]
    for name, following in zip(names, [*names[1:], ""], strict=True):
        then = f"self.next(self.{following})" if following else "pass"
        value = "0" if name == "start" else "self.x + 1"
        lines += ["    @step", f"    def {name}(self):", f"        self.x = {value}", f"        {then}"]
    return "\n".join([*lines, "if __name__ == '__main__':", "    Noop()", ""])


def loop(tasks: int) -> str:
    """A flow with one step for each of `tasks` items, and the three around it that Metaflow wants."""
    return f"""from metaflow import FlowSpec, step
class Noop(FlowSpec):
    @step
    def start(self):
        self.items = list(range({tasks}))
        self.next(self.add, foreach="items")
    @step
    def add(self):
        self.x = self.input + 1
        self.next(self.join)
    @step
    def join(self, inputs):
        self.x = len(list(inputs))
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__ == "__main__":
    Noop()
"""


def main(tasks: int, shape: str = "linear", again: bool = False) -> dict[str, float]:
    """Runs it as its users do, or resumes its last step, which takes all others from the run before.

    CPU and wall seconds of the command and everything that it started.
    """
    Path("noop.py").write_text({"linear": linear, "loop": loop}[shape](tasks), encoding="utf-8")
    words = ["resume", "end"] if again else ["run", "--max-num-splits", "100000"]
    wall_s = time.perf_counter()
    subprocess.run([sys.executable, "noop.py", "--no-pylint", *words], check=True, stdout=sys.stderr)
    wall_s = time.perf_counter() - wall_s
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": wall_s}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
