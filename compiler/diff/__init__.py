"""What differs between two pipelines, in meaning and not in text: `compare` is the door.

    graph → tree (tasks by path, nothing shared)   → matching (who is who, renamed tasks included)
          → aspects/ (facts about one task)        → comparison (facts of a pair, side by side) → changes

Names of components and executors, order, sharing, the SDK's version and deprecated twins of fields never reach a fact,
so they cannot become a change. A new kind of difference is a fact: a function in `aspects/` and its line in `ASPECTS`.
Cost: linear in the number of tasks after unfolding, plus the sorting of the changes and of groups of equal tasks.
"""

from milonga.compiler.diff.change import Change
from milonga.compiler.diff.comparison import compare, matched_paths
from milonga.compiler.diff.texts import unified

__all__ = ["Change", "compare", "matched_paths", "unified"]
