"""Tasks that share a pod: what they must have in common, which do, and the pass that marks them."""

from milonga.compiler.passes.fusion.fuse import Fuse
from milonga.compiler.passes.fusion.required import require_together

__all__ = ["Fuse", "require_together"]
