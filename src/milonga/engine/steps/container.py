"""Everything else is a container, which this engine refuses by name until it drives a container runtime."""

from __future__ import annotations

from milonga.compiler.graph import Executor
from milonga.engine.steps.base import PreparedStep, StepContext
from milonga.errors import RunError


class ContainerStep:
    """The last kind: takes all, runs none."""

    def matches(self, executor: Executor) -> bool:
        """Always."""
        return True

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep:
        """Refuse.

        Raises:
            RunError: E440, always.
        """
        image = executor.container.image if executor.container is not None else None
        what = f"the image '{image}'" if image else "a back end of its own"
        raise RunError(
            "E440",
            f"'{label.removeprefix('exec-')}' is no Python component; it needs {what}, and no container runs here",
            hint="compile the pipeline and run it on a cluster, or write the step as a Python component",
        )
