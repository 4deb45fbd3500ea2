"""The reference says what the code says: the generated pages are those that the generator writes now."""

import subprocess
import sys

from documentation_pages import ROOT


def test_the_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "reference.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
