"""`make demo`: real images in, a measured, compiled, served network for this machine out.

Everything lands under `demo/`. Run it again and every step whose inputs are the same comes from the cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "demo"
IMAGES = FOLDER / "digits"
MILONGA = [sys.executable, "-m", "milonga"]
LATENCY_P95_MS = "0.5"
ACCURACY_MIN = "0.97"


def main() -> None:
    """Write the images, run the pipeline, serve the result, say what came out."""
    started = time.monotonic()
    if not IMAGES.is_dir():
        milonga("data", "digits", str(IMAGES))
    result = run_pipeline()
    server = serve(result)
    took = time.monotonic() - started
    outputs = result["outputs"]
    print()
    print(f"accuracy   {outputs['accuracy']:.4f} on the test split (at least {ACCURACY_MIN} was asked for)")
    print(f"level      {outputs['level']} of 5, the largest whose compiled form keeps the limit on this machine")
    print(f"artefact   {outputs['artefact']}")
    print(f"latency    p50 {outputs['p50_ms']:.3f} ms, p95 {outputs['p95_ms']:.3f} ms, limit {LATENCY_P95_MS} ms (p95)")
    print(f"report     {result['report']}")
    print(f"took       {took:.0f} s")
    print("\nThe model is served; ask it about a real test image:\n")
    print(server["curl"])
    print(f"\nStop it with: MILONGA_HOME={FOLDER / 'home'} {Path(sys.executable).parent / 'milonga'} serve --stop")


def milonga(*arguments: str) -> str:
    """Run the command line; its stdout. Its messages go to the terminal; a failure ends the demo."""
    environment = {**os.environ, "MILONGA_HOME": str(FOLDER / "home")}
    done = subprocess.run([*MILONGA, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def run_pipeline() -> dict[str, Any]:
    """The main job."""
    text = milonga(
        "run",
        "image-classification",
        "--data",
        str(IMAGES),
        "--name",
        "digits",
        "--latency-p95-ms",
        LATENCY_P95_MS,
        "--accuracy-min",
        ACCURACY_MIN,
        "--threads",
        "1",
        "--json",
    )
    result: dict[str, Any] = json.loads(text)
    return result


def serve(result: dict[str, Any]) -> dict[str, Any]:
    """Serve the deployed model in the background; a server of an earlier demo makes room."""
    running = json.loads(milonga("serve", "--list", "--json"))["servers"]
    if any(server["name"] == "digits" for server in running):
        milonga("serve", "--stop", "digits")
    folder = result["outputs"]["deployment"]["uri"]
    server: dict[str, Any] = json.loads(milonga("serve", folder, "--background", "--port", "0", "--json"))
    return server


if __name__ == "__main__":
    main()
