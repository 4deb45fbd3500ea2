"""`python -m benchmarks [NAME ...] [--quick] [--large] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.figures import table
from benchmarks.suite import ON_A_CLUSTER, SUITE


def main() -> int:
    """Run the named benchmarks, or all that need no cluster; 1 when a bar of milonga is missed."""
    names = [*SUITE, *ON_A_CLUSTER]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure milonga beside its peers.")
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help=f"any of: {', '.join(names)}; all but the last without"
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes; the bars stay")
    parser.add_argument("--large", action="store_true", help="argo: also a loop of 2 000 iterations, an hour and more")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in names]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(names)}")
    facts = machine.machine()
    print(machine.line(facts), flush=True)
    found = {}
    for name in options.names or SUITE:
        print(f"\n{name}", flush=True)
        if name in ON_A_CLUSTER:
            found[name] = ON_A_CLUSTER[name](quick=options.quick, large=options.large)
        else:
            found[name] = SUITE[name](quick=options.quick)
        print(table(found[name]), flush=True)
    after = machine.machine()["load"]
    missed = [f"{name}: {figure.what}" for name, figures in found.items() for figure in figures if figure.is_missed]
    print(f"\nload at the end {after}; " + (f"missed: {'; '.join(missed)}" if missed else "every bar is kept"))
    if options.json:
        document = {
            "machine": {**facts, "load_after": after},
            "quick": options.quick,
            "benchmarks": {name: [figure.to_json() for figure in figures] for name, figures in found.items()},
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
