"""The reference says what the code says: the generated pages are those that the generator writes now."""

import re
import subprocess
import sys

from documentation_pages import ROOT


def test_the_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "reference.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_every_format_of_a_file_is_described() -> None:
    text = (ROOT / "docs" / "reference" / "artifacts.md").read_text("utf-8")
    sources = [path.read_text("utf-8") for path in (ROOT / "components").rglob("*.py")]
    formats = {
        found for source in sources for found in re.findall(r'(?i)format"?(?: =|:|=) ?"(milonga\.[a-z-]+/\d+)"', source)
    }
    assert len(formats) >= 9
    assert sorted(name for name in formats if f"`{name}`" not in text) == []
