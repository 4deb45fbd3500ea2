"""Commands that a message names, as they will work where it is read."""

from __future__ import annotations

import shlex

from milonga.engine.home import Home


def local_command(home: Home, *words: str) -> str:
    """`milonga WORDS`, for that state folder: the verbs that show runs know it by MILONGA_HOME only."""
    command = shlex.join(("milonga", *words))
    return command if home == Home.default() else f"MILONGA_HOME={shlex.quote(str(home.root))} {command}"
