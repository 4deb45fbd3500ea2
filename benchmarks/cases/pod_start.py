"""Run the program of a pod as Argo would, with a function that does nothing but say what time it is."""

import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import milonga as ml
from milonga.backends.argo.bundle import Bundle
from milonga.compiler.targets import target_named
from milonga.compiler.trace.tracer import trace


@ml.component(image="python:3.11", cache=False)
def clock() -> None:
    """The first and the last thing that the user's code does."""
    import sys
    import time

    print("clock", time.process_time(), len(sys.modules), flush=True)


@ml.pipeline
def started() -> None:
    """One step."""
    clock()


def python() -> str:
    """The Python of a pod is in no virtual environment, which would load more when it starts."""
    return str(getattr(sys, "_base_executable", sys.executable))


def child(command: list[str], folder: Path) -> tuple[float, list[float]]:
    """CPU seconds of a process from its first to its last, and what the function has said."""
    names = {"MILONGA_CODE": "code", "MILONGA_INPUTS": "in", "MILONGA_OUTPUTS": "out"}
    environment = {"PATH": os.defpath, **{name: str(folder / part) for name, part in names.items()}}
    shutil.rmtree(folder / "out", ignore_errors=True)  # a pod begins with an empty one
    for part in names.values():
        (folder / part).mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[1]} ended with {process.returncode}: {printed[-200:]}")
    said = [line.split()[1:] for line in printed.splitlines() if line.startswith("clock ")]
    return usage.ru_utime + usage.ru_stime, [float(word) for words in said for word in words]


def main(rounds: int) -> dict[str, float]:
    """Medians: a bare Python, ours as a whole, and its two halves; the two take turns."""
    bundle = Bundle.from_text(target_named("argo").emit(trace(started).graph))
    code = Path("code")
    code.mkdir()
    for item in bundle.config_maps:
        for name, content in item["binaryData"].items():
            (code / name).write_bytes(base64.b64decode(content))
    leaf = bundle.template["spec"]["templates"][-1]["container"]["command"][0]
    if leaf != "python3":
        sys.exit(f"a pod is not started with python3 but {leaf}")
    bare, whole, before, modules = [], [], [], []
    here = Path.cwd()
    words = ["run", "clock", "", "workflow", "uid", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())]
    for _ in range(rounds):
        bare.append(child([python(), "-c", "pass"], here)[0])
        cpu_s, (until_s, count) = child([python(), str(here / "code" / "run.pyz"), *words], here)
        whole.append(cpu_s), before.append(until_s), modules.append(count)
    after = [total - first for total, first in zip(whole, before, strict=True)]
    seen = {"bare_cpu_s": bare, "cpu_s": whole, "before_cpu_s": before, "after_cpu_s": after, "modules": modules}
    return {name: statistics.median(found) for name, found in seen.items()}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
