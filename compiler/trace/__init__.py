"""Author's pipeline → Graph. `trace` is the door."""

from milonga.compiler.trace.tracer import TracedPipeline, trace

__all__ = ["TracedPipeline", "trace"]
