"""Importers: a URI becomes an artifact, without a worker."""

from __future__ import annotations

import json

from milonga.compiler.graph import Executor, wire
from milonga.engine.steps.base import PreparedStep, StepContext
from milonga.engine.steps.identity import Identity


class ImporterStep:
    """Registers what exists already."""

    def matches(self, executor: Executor) -> bool:
        """Whether it is an importer."""
        return executor.importer is not None

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep:
        """The importer itself; its URI is resolved when it runs."""
        identity = Identity(code=json.dumps(wire.dump(executor.importer), sort_keys=True))
        return PreparedStep(identity=identity, importer=executor.importer)
