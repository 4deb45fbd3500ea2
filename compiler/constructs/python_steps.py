"""Which containers run a Python function that their own command carries; the engine runs the same ones itself."""

from __future__ import annotations

import re

from milonga.compiler.graph import Container
from milonga.runtime.program import is_milonga_command

_KFP_LAUNCHER = re.compile(
    r"\s*program_path=\$\(mktemp -d\)\s.*"
    r"python3 -m kfp\.dsl\.executor_main[\s\\]+"
    r'--component_module_path[\s\\]+"\$program_path/ephemeral_component\.py"',
    re.DOTALL,
)
"""The shell script with which a lightweight component of kfp starts; the source is the script's first argument."""


def kfp_source_position(container: Container) -> int | None:
    """Where in the command the source of a lightweight component of kfp stands; None for other containers."""
    command = container.command or ()
    return next((index + 1 for index, part in enumerate(command[:-1]) if _KFP_LAUNCHER.match(part)), None)


def is_python_step(container: Container) -> bool:
    """Whether the container runs a function of milonga or of kfp that came with the file."""
    return is_milonga_command(container.command) or kfp_source_position(container) is not None
