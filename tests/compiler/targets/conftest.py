"""The samples of the constructs serve the tables as well."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "constructs"))
