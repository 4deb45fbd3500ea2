"""Hostile texts, and the expressions of the Argo on paper."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "hostile"), str(TESTS / "engine" / "pod")]
