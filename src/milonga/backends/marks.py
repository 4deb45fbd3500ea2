"""Names and marks of what is made on a remote system."""

from __future__ import annotations

import re
import secrets
import time

from milonga.compiler.graph import Graph


def new_mark() -> str:
    """A text that nothing else carries, by which a request's effect can be found again."""
    return secrets.token_hex(8)


def run_name(graph: Graph, longest: int = 0) -> str:
    """The name of a run that the user did not name: the pipeline's, and the time in UTC.

    Args:
        graph: the pipeline.
        longest: characters that the system takes, 0 for any number; the pipeline's name is cut, the time is not.
    """
    ending = time.strftime(" %Y-%m-%d %H-%M-%S", time.gmtime())
    return (graph.name[: longest - len(ending)] if longest else graph.name) + ending


def slug(text: str, longest: int) -> str:
    """Lower-case letters, digits and single dashes, a letter first; "pipeline" when nothing is left of `text`."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    plain = re.sub(r"^[^a-z]+", "", plain)
    return plain[:longest].strip("-") or "pipeline"
