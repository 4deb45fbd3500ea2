"""Metaflow: run a chain of steps that do next to nothing. Its steps are methods, so the flow is written to a file."""

import json
import subprocess
import sys
from pathlib import Path


def flow(tasks: int) -> str:
    """A flow of `tasks` steps, its start and end counted."""
    names = ["start", *(f"step_{number}" for number in range(1, tasks - 1)), "end"]
    lines = ["from metaflow import FlowSpec, step", "class Linear(FlowSpec):"]
    for name, following in zip(names, [*names[1:], ""], strict=True):
        then = f"self.next(self.{following})" if following else "pass"
        value = "0" if name == "start" else "self.x + 1"
        lines += ["    @step", f"    def {name}(self):", f"        self.x = {value}", f"        {then}"]
    return "\n".join([*lines, "if __name__ == '__main__':", "    Linear()", ""])


def main(tasks: int) -> dict[str, int]:
    """Runs it as its users do."""
    Path("linear.py").write_text(flow(tasks), encoding="utf-8")
    subprocess.run([sys.executable, "linear.py", "--no-pylint", "run"], check=True, stdout=sys.stderr)
    return {"tasks": tasks}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
